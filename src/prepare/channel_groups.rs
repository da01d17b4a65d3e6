//! The GA4 default channel groups: source, medium and campaign to a channel.
//!
//! The order is GA4's published one: the first rule that matches wins, so that
//! medium `cpm` is Display and not Paid Other. Sites are told by the list in
//! `channel_sites.txt`.

use std::sync::LazyLock;

use regex::Regex;

/// What kind of site a traffic source is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Site {
    Search,
    Social,
    Video,
    Shopping,
}

static SITES: &str = include_str!("channel_sites.txt");

static PAID: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new(r"^(.*cp.*|ppc|retargeting|paid.*)$").ok());
static SHOPPING_CAMPAIGN: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new(r"^(.*(([^a-df-z]|^)shop|shopping).*)$").ok());

const DISPLAY: [&str; 5] = ["display", "banner", "expandable", "interstitial", "cpm"];
const SOCIAL: [&str; 6] =
    ["social", "social-network", "social-media", "sm", "social network", "social media"];
const REFERRAL: [&str; 3] = ["referral", "app", "link"];
const EMAIL: [&str; 4] = ["email", "e-mail", "e_mail", "e mail"];

fn site(source: &str) -> Option<Site> {
    let mut kind = None;
    for line in SITES.lines() {
        match line {
            "[search]" => kind = Some(Site::Search),
            "[social]" => kind = Some(Site::Social),
            "[video]" => kind = Some(Site::Video),
            "[shopping]" => kind = Some(Site::Shopping),
            name if !name.is_empty() && names_site(source, name) => return kind,
            _ => {}
        }
    }
    None
}

/// Whether a source is a site: its name, or a host with the name as a label.
fn names_site(source: &str, name: &str) -> bool {
    source == name
        || (name.contains('.') && source.ends_with(name))
        || (source.contains('.') && source.split('.').any(|label| label == name))
}

fn is_match(regex: &LazyLock<Option<Regex>>, text: &str) -> bool {
    regex.as_ref().is_some_and(|it| it.is_match(text))
}

/// The default channel group of a source, medium and campaign (`""` where missing).
///
/// Source: GA4's default channel group as documented by Google and coded in
/// dbt-ga4; see the reference of the journey file for the list.
///
/// ```
/// use touchpath::prepare::channel_groups::channel_group;
/// assert_eq!(channel_group("google", "cpc", "", "Direct"), "Paid Search");
/// // "cpm" at a search site is paid search, as rules are asked in order; elsewhere it is display.
/// assert_eq!(channel_group("google", "cpm", "", "Direct"), "Paid Search");
/// assert_eq!(channel_group("adnetwork", "cpm", "", "Direct"), "Display");
/// assert_eq!(channel_group("(direct)", "(none)", "", "Direct"), "Direct");
/// assert_eq!(channel_group("m.facebook.com", "referral", "", "Direct"), "Organic Social");
/// ```
pub fn channel_group<'a>(source: &str, medium: &str, campaign: &str, direct: &'a str) -> &'a str {
    let (source, medium, campaign) =
        (source.to_lowercase(), medium.to_lowercase(), campaign.to_lowercase());
    let (source, medium, campaign) = (source.as_str(), medium.as_str(), campaign.as_str());
    let nobody = source.is_empty() || source == "(direct)";
    if nobody && matches!(medium, "" | "(none)" | "(not set)") {
        return direct;
    }
    let site = site(source);
    let paid = is_match(&PAID, medium);
    let shopping = site == Some(Site::Shopping) || is_match(&SHOPPING_CAMPAIGN, campaign);
    match medium {
        _ if campaign.contains("cross-network") => "Cross-network",
        _ if shopping && paid => "Paid Shopping",
        _ if site == Some(Site::Search) && paid => "Paid Search",
        _ if site == Some(Site::Social) && paid => "Paid Social",
        _ if site == Some(Site::Video) && paid => "Paid Video",
        _ if DISPLAY.contains(&medium) => "Display",
        _ if paid => "Paid Other",
        _ if shopping => "Organic Shopping",
        _ if site == Some(Site::Social) || SOCIAL.contains(&medium) => "Organic Social",
        _ if site == Some(Site::Video) || medium.contains("video") => "Organic Video",
        _ if site == Some(Site::Search) || medium == "organic" => "Organic Search",
        _ if REFERRAL.contains(&medium) => "Referral",
        _ if EMAIL.contains(&source) || EMAIL.contains(&medium) => "Email",
        "affiliate" | "affiliates" => "Affiliates",
        "audio" => "Audio",
        _ if source == "sms" || medium == "sms" => "SMS",
        _ if medium.ends_with("push")
            || medium.contains("mobile")
            || medium.contains("notification")
            || source == "firebase" =>
        {
            "Mobile Push"
        }
        _ => "Unassigned",
    }
}
