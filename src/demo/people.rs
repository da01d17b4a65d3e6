//! The shop's people: who they truly are and which ids they go by.
//!
//! Knows nothing of pages, rows or files.

use super::clock::{DAY, START};
use super::dice::{Dice, mix};

/// How much somebody is a customer of this shop.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Bond {
    /// Comes once or twice.
    Passing,
    /// Comes now and then.
    Occasional,
    /// Comes often.
    Regular,
    /// Comes all the time.
    Devoted,
}

/// A true person with all ids that they may ever use.
#[derive(Debug)]
pub(super) struct Person {
    /// The number, from 0.
    pub(super) number: u32,
    /// The arm of the experiment.
    pub(super) variant: char,
    /// How much they are a customer.
    pub(super) bond: Bond,
    /// Browser cookies, the usual one first, each with its kind of device.
    pub(super) cookies: Vec<(String, &'static str)>,
    /// The device with the app, and its system.
    pub(super) device: Option<(String, &'static str)>,
    /// The account's id in shop and app.
    pub(super) user: String,
    /// The number in the customer file.
    pub(super) customer: String,
    /// The address.
    pub(super) email: String,
    /// The loyalty card.
    pub(super) card: Option<String>,
    /// Since when there is an account, if there is one.
    pub(super) member_since: Option<i64>,
    /// Whether they would open an account when they buy.
    pub(super) joins: bool,
    /// Since when they get the newsletter.
    pub(super) reads_since: Option<i64>,
    /// Another person's cookie that they sometimes use: the family's tablet.
    pub(super) borrowed: Option<String>,
}

const FIRST: [&str; 24] = [
    "anna", "ben", "clara", "david", "elif", "felix", "greta", "hannes", "ida", "jonas", "klara",
    "leon", "mia", "noah", "olga", "paul", "rosa", "samir", "tilda", "uwe", "vera", "wanda",
    "yusuf", "zoe",
];
const LAST: [&str; 20] = [
    "weber", "yilmaz", "becker", "hoffmann", "nowak", "keller", "richter", "klein", "wolf",
    "schubert", "neumann", "braun", "kaya", "lange", "krause", "vogel", "ivanova", "roth",
    "jansen", "arnold",
];
const DOMAINS: [&str; 3] = ["example.com", "example.org", "example.net"];

impl Person {
    /// The person of this number; the same for the same seed, whoever else there is.
    pub(super) fn new(seed: u64, number: u32, dice: &mut Dice) -> Self {
        let bonds = [
            (Bond::Passing, 660),
            (Bond::Occasional, 230),
            (Bond::Regular, 90),
            (Bond::Devoted, 20),
        ];
        let bond = bonds[dice.pick(bonds.iter().map(|it| it.1))].0;
        let [joined, joins, has_card, reads] = match bond {
            Bond::Passing => [60, 350, 30, 250],
            Bond::Occasional => [260, 500, 150, 450],
            Bond::Regular => [560, 700, 400, 600],
            Bond::Devoted => [850, 900, 650, 750],
        };
        let since = START - DAY - dice.between(0, 400 * DAY);
        let member_since = dice.chance(joined).then_some(since);
        let reads_since = match member_since {
            Some(_) if dice.chance(reads) => Some(START),
            _ => None,
        };
        let domain = dice.one_of(&DOMAINS);
        let (first, last) = (dice.one_of(&FIRST), dice.one_of(&LAST));
        let card = dice.chance(has_card).then(|| card_number(number));
        Self {
            number,
            variant: if dice.chance(500) { 'A' } else { 'B' },
            bond,
            cookies: cookies(seed, number, dice),
            device: device(seed, number, dice),
            user: format!("{:010}", number.wrapping_mul(0x9e37_79b1).wrapping_add(seed as u32)),
            customer: format!("K{:010}", number.wrapping_mul(0x85eb_ca6b)),
            email: format!("{first}.{last}.{number}@{domain}"),
            card,
            member_since,
            joins: dice.chance(joins),
            reads_since,
            borrowed: (number % 100 == 99).then(|| cookie(seed, number - 1, 0)),
        }
    }
}

/// A browser's cookie: 16 hexadecimal digits that no other browser has.
fn cookie(seed: u64, number: u32, nth: u64) -> String {
    format!("{:016x}", mix(mix(seed) ^ (u64::from(number) << 4 | nth)))
}

fn cookies(seed: u64, number: u32, dice: &mut Dice) -> Vec<(String, &'static str)> {
    let count = 1 + dice.pick([640, 270, 90].into_iter()) as u64;
    let kinds = match dice.pick([560, 360, 80].into_iter()) {
        0 => ["mobile", "desktop", "mobile"],
        1 => ["desktop", "mobile", "desktop"],
        _ => ["tablet", "mobile", "desktop"],
    };
    (0..count).zip(kinds).map(|(nth, kind)| (cookie(seed, number, nth), kind)).collect()
}

fn device(seed: u64, number: u32, dice: &mut Dice) -> Option<(String, &'static str)> {
    let system = if dice.chance(430) { "ios" } else { "android" };
    let text = cookie(seed, number, 15);
    dice.chance(340).then(|| (format!("{}-{}", &text[..8], &text[8..]).to_uppercase(), system))
}

/// A card number: 13 digits, the first one 0, the last one their EAN check digit.
fn card_number(number: u32) -> String {
    let body = format!("02{:010}", number.wrapping_mul(0xc2b2_ae35));
    let sum: u32 = body
        .bytes()
        .enumerate()
        .map(|(place, byte)| u32::from(byte - b'0') * if place % 2 == 0 { 1 } else { 3 })
        .sum();
    format!("{body}{}", (10 - sum % 10) % 10)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn nobody_shares_an_id_by_accident() {
        let mut seen = BTreeSet::new();
        for number in 0..5_000 {
            let person = Person::new(9, number, &mut Dice::new(9, u64::from(number)));
            let mut ids = vec![person.user, person.customer, person.email];
            ids.extend(person.cookies.into_iter().map(|it| it.0));
            ids.extend(person.device.map(|it| it.0));
            ids.extend(person.card);
            for id in ids {
                assert!(seen.insert(id.clone()), "{id} twice");
            }
        }
    }

    #[test]
    fn a_card_number_ends_with_its_check_digit() {
        // 0 2 0 0 0 0 0 0 0 0 0 0: 2 * 3 = 6, so the check digit is 4.
        assert_eq!(card_number(0), "0200000000004");
    }
}
