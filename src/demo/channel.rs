//! Where visits come from: the shop's marketing channels and what they cost.
//!
//! A table and a draw; knows nothing of pages or rows.

use super::dice::Dice;

/// A way into the shop, as its links are tagged.
#[derive(Debug)]
pub(super) struct Channel {
    /// The tagged source.
    pub(super) source: &'static str,
    /// The tagged medium.
    pub(super) medium: &'static str,
    /// The campaigns that run, if any.
    pub(super) campaigns: &'static [&'static str],
    /// The channel under which its costs are booked.
    pub(super) booked: &'static str,
    /// The price of a click in cents; 0 where nothing is paid.
    pub(super) click_price: u32,
    /// How often a first visit comes this way.
    first: u32,
    /// How often a later visit comes this way.
    later: u32,
    /// How readily its visitors leave, in percent of the usual.
    pub(super) leave: u32,
}

/// The channel of newsletter clicks, as a place in [`CHANNELS`].
pub(super) const NEWSLETTER: usize = 0;
/// The channel of visits that came from nowhere known, as a place in [`CHANNELS`].
pub(super) const DIRECT: usize = 1;

/// All channels.
pub(super) const CHANNELS: [Channel; 11] = [
    Channel {
        source: "newsletter",
        medium: "email",
        campaigns: &["weekly"],
        booked: "Email",
        click_price: 3,
        first: 0,
        later: 20,
        leave: 80,
    },
    Channel {
        source: "(direct)",
        medium: "(none)",
        campaigns: &[],
        booked: "Direct",
        click_price: 0,
        first: 170,
        later: 470,
        leave: 85,
    },
    Channel {
        source: "google",
        medium: "cpc",
        campaigns: &["brand_shop", "generic_shoes", "Spring sale, 2nd wave"],
        booked: "Paid Search",
        click_price: 58,
        first: 200,
        later: 80,
        leave: 95,
    },
    Channel {
        source: "google",
        medium: "organic",
        campaigns: &[],
        booked: "Organic Search",
        click_price: 0,
        first: 240,
        later: 130,
        leave: 105,
    },
    Channel {
        source: "bing",
        medium: "organic",
        campaigns: &[],
        booked: "Organic Search",
        click_price: 0,
        first: 25,
        later: 12,
        leave: 100,
    },
    Channel {
        source: "facebook",
        medium: "paid_social",
        campaigns: &["prospecting_q2", "retargeting"],
        booked: "Paid Social",
        click_price: 41,
        first: 140,
        later: 60,
        leave: 135,
    },
    Channel {
        source: "instagram",
        medium: "paid_social",
        campaigns: &["prospecting_q2", "stories"],
        booked: "Paid Social",
        click_price: 36,
        first: 70,
        later: 30,
        leave: 145,
    },
    Channel {
        source: "awin",
        medium: "affiliate",
        campaigns: &["partner_blog", "voucher"],
        booked: "Affiliates",
        click_price: 47,
        first: 45,
        later: 55,
        leave: 70,
    },
    Channel {
        source: "adnet",
        medium: "display",
        campaigns: &["remarketing"],
        booked: "Display",
        click_price: 19,
        first: 40,
        later: 60,
        leave: 150,
    },
    Channel {
        source: "shoes-blog.example.org",
        medium: "referral",
        campaigns: &[],
        booked: "Referral",
        click_price: 0,
        first: 50,
        later: 25,
        leave: 100,
    },
    Channel {
        source: "instagram",
        medium: "social",
        campaigns: &[],
        booked: "Organic Social",
        click_price: 0,
        first: 40,
        later: 35,
        leave: 125,
    },
];

/// Draws the channel of somebody's first or later visit, as a place in [`CHANNELS`].
pub(super) fn draw(dice: &mut Dice, is_first: bool) -> usize {
    dice.pick(CHANNELS.iter().map(move |it| if is_first { it.first } else { it.later }))
}
