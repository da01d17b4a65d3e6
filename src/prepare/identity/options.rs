//! The `[identity]` section of the journey file.

use indexmap::IndexMap;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::devices::SharedDevice;
use super::quota::Quota;
use crate::prepare::journeys::Limit;

/// How ids become customers.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct IdentityOptions {
    /// How careful stitching is where the keys below say nothing.
    pub guards: Guards,
    /// Id types, strongest first; types not named follow in their usual order
    /// (user, customer, account, email, phone, loyalty, others, device, cookie). On a
    /// violation the weakest id of a row is left out first.
    pub priority: Vec<String>,
    /// For an id type: how many ids of one stronger type an id may meet before it links
    /// nobody, ever (default 10).
    pub limit: IndexMap<String, u64>,
    /// Id types of which a customer has one id: two different ones never come together,
    /// whatever links them.
    pub unique: Vec<String>,
    /// Id types that name a person (default user, customer, account): a device or cookie
    /// never joins two customers with different ids of one such type.
    pub logins: Option<Vec<String>>,
    /// Id types of things that several people can use (default device, cookie, anonymous,
    /// visitor).
    pub devices: Option<Vec<String>>,
    /// For an id type: how many of its ids a customer may have or gain, such as 1 or
    /// "5 weekly" (windows: ever, annual, monthly, weekly).
    pub per_customer: IndexMap<String, Quota>,
    /// How many ids of one type one id of another may be seen with: `"cookie per user" = 5`,
    /// `"user per device" = "2 monthly"`.
    pub cardinality: IndexMap<String, Quota>,
    /// Whose the rows are that carry nothing but a device that several people use
    /// (default visit; none with strict guards).
    pub shared_device: Option<SharedDevice>,
    /// How long a row without a login waits to learn whose device it came from, such as
    /// "24h", "7d" or "30d"; "none" for as long as there are data (the default).
    pub replay: Limit,
    /// Texts that are nobody's id, besides the built-in ones such as null or anonymous.
    /// Compared as ids are: blanks around them, and the case of addresses, do not count.
    pub blocklist: Vec<String>,
    /// Regular expressions of ids that are nobody's; a match anywhere in the id counts.
    pub block_patterns: Vec<String>,
    /// Texts that are somebody's id although they are built-in ones, such as "0".
    pub allow: Vec<String>,
    /// A CSV file of links that must not count: `type:id,type:id` for a pair, `type:id` alone
    /// for an id that links nobody, `row:FILE:LINE` for the evidence of a row.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub exclude: String,
    /// A file with ids of who is to be forgotten, one a line: `email:ann@example.org`, or an id
    /// of any type. Rows that carry one are set aside with the reason `forgotten`, and nothing
    /// else is kept of them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub forget: Option<String>,
    /// Whether reports show e-mail addresses and phone numbers that name customers; else they
    /// show a part of their hash.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub show_contacts: bool,
}

/// How careful stitching is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Guards {
    /// Whatever was seen together belongs together: no limits, no logins.
    Loose,
    /// Devices join no two logins, and an id that meets more than ten stronger ones of a
    /// type links nobody.
    #[default]
    Default,
    /// Besides, nothing joins two logins of a type: logins are unique.
    Strict,
}
