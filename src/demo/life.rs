//! One person's 90 days: visits, letters, calls, purchases in a store, as rows.
//!
//! Turns what people do into lines of the files that would record it. Knows the
//! files' columns; never reads them back.

use std::collections::BTreeSet;

use super::channel::{self, CHANNELS, DIRECT, NEWSLETTER};
use super::clock::{DAY, DAYS, END, HOUR, MINUTE, day_of, local, midnight, utc};
use super::dice::{Dice, mix};
use super::people::{Bond, Person};
use super::rows::{self, Seen};
use super::sheet::{Kind, field};
use super::walk::{self, Memory, Page, Step};
use super::{Shop, euros};

/// The tablets that stand in the stores, used by everybody.
pub(super) const KIOSKS: [&str; 2] = ["KIOSK-BERLIN-1", "KIOSK-KOELN-2"];

/// Quantiles of the pause between two visits, in minutes: half an hour to two months.
const PAUSES: [i64; 17] = [
    35, 70, 180, 420, 900, 1_440, 2_000, 2_880, 4_300, 6_500, 9_500, 13_000, 18_000, 26_000,
    38_000, 55_000, 86_000,
];
/// How busy each hour of a day is.
const HOURS: [u32; 24] =
    [12, 6, 4, 3, 3, 5, 14, 28, 40, 48, 52, 54, 58, 52, 48, 48, 52, 58, 66, 78, 90, 84, 58, 28];

/// What a visit begins with.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Plan {
    at: i64,
    channel: usize,
}

/// A person at it.
struct Life<'a> {
    person: &'a Person,
    dice: &'a mut Dice,
    shop: &'a mut Shop,
    memory: Memory,
    used: BTreeSet<(&'static str, String)>,
    seed: u64,
}

/// Lives one person's 90 days and writes down what the shop's systems saw of it.
pub(super) fn live(seed: u64, number: u32, shop: &mut Shop) {
    let mut dice = Dice::new(seed, u64::from(number));
    let person = Person::new(seed, number, &mut dice);
    let memory = Memory { is_member: person.member_since.is_some(), ..Memory::default() };
    let used = BTreeSet::new();
    let mut life = Life { person: &person, dice: &mut dice, shop, memory, used, seed };
    if let Some(since) = person.member_since {
        life.link_account(since);
    }
    let plans = life.plan();
    let mut free_from = i64::MIN;
    for (nth, plan) in plans.into_iter().enumerate() {
        if plan.at >= free_from && plan.at < END {
            free_from = life.visit(plan, nth) + 31 * MINUTE;
        }
    }
    life.call();
    life.shop_around();
    let ids = std::mem::take(&mut life.used);
    for (kind, id) in ids {
        shop.truth.add(
            i64::from(number),
            Kind::Plain,
            format!("{kind},{id},P{number:07}").as_bytes(),
        );
    }
}

impl Life<'_> {
    /// The visits to come, in order of time; letters are sent on the way.
    fn plan(&mut self) -> Vec<Plan> {
        let visits = match self.person.bond {
            Bond::Passing => 1 + self.dice.pick([700, 220, 80].into_iter()),
            Bond::Occasional => 1 + self.dice.pick([200, 260, 220, 150, 90, 50, 30].into_iter()),
            Bond::Regular => 4 + self.dice.below(9) as usize,
            Bond::Devoted => 10 + self.dice.wait(12).min(90) as usize,
        };
        let divisor = match self.person.bond {
            Bond::Passing | Bond::Occasional => 1,
            Bond::Regular => 2,
            Bond::Devoted => 4,
        };
        // Those who come often were there before; the others come in over the 90 days.
        let last_day = if self.person.bond == Bond::Devoted { 10 } else { DAYS };
        let mut at = self.at_day(0, last_day);
        let mut plans = Vec::with_capacity(visits);
        for nth in 0..visits {
            plans.push(Plan { at, channel: channel::draw(self.dice, nth == 0) });
            let pause = self.dice.spread(&PAUSES) * MINUTE / divisor;
            at = (at + pause.max(35 * MINUTE)).min(2 * END);
            if pause > DAY / 2 && at < END {
                let day = day_of(at);
                at = at.max(self.at_day(day, day + 1));
            }
        }
        if let Some(since) = self.person.reads_since {
            self.letters(since, &mut plans);
        }
        plans.sort_unstable();
        plans
    }

    /// A time of one of these days, when people are awake.
    fn at_day(&mut self, first: i64, end: i64) -> i64 {
        let day = self.dice.between(first, end);
        let hour = self.dice.pick(HOURS.into_iter()) as i64;
        midnight(day) + hour * HOUR + self.dice.between(0, HOUR)
    }

    /// The weekly newsletter: sent, perhaps opened, perhaps clicked, which begins a visit.
    fn letters(&mut self, since: i64, plans: &mut Vec<Plan>) {
        for week in 0..13 {
            let sent = midnight(3 + 7 * week) + 10 * HOUR + self.dice.between(0, 20 * MINUTE);
            if sent < since || sent >= END {
                continue;
            }
            self.crm(sent, "newsletter sent", false, "");
            if !self.dice.chance(360) {
                continue;
            }
            let opened = sent + self.dice.wait(3 * HOUR);
            self.crm(opened, "newsletter opened", false, "");
            if self.dice.chance(170) {
                let clicked = opened + 1000 * self.dice.between(4, 90);
                self.crm(clicked, "newsletter clicked", false, "");
                plans.push(Plan { at: clicked + 1500, channel: NEWSLETTER });
            }
        }
    }

    /// One visit in the browser, in the app, or at a store's kiosk; returns its end.
    fn visit(&mut self, plan: Plan, nth: usize) -> i64 {
        let source = &CHANNELS[plan.channel];
        let is_app = self.person.device.is_some() && self.dice.chance(600);
        let is_kiosk = self.memory.is_member && plan.channel == DIRECT && self.dice.chance(15);
        let from_start = self.memory.is_member && (is_app && self.dice.chance(700));
        let logged_in = from_start || (self.memory.is_member && !is_kiosk && self.dice.chance(220));
        let steps = walk::walk(self.person, &mut self.memory, source, logged_in, self.dice);
        if source.click_price > 0 {
            self.shop.count_click(day_of(plan.at), plan.channel);
        }
        let campaign = match source.campaigns {
            [] => "",
            some => self.dice.one_of(some),
        };
        // Links of ad networks and of the newsletter open in the browser, most of the time.
        if is_kiosk || (is_app && (source.click_price == 0 || self.dice.chance(350))) {
            self.in_app(plan, campaign, is_kiosk, logged_in, &steps);
        } else {
            self.in_browser(plan, campaign, nth, logged_in, &steps);
        }
        plan.at + steps.last().map_or(0, |it| it.after)
    }

    fn in_browser(
        &mut self,
        plan: Plan,
        campaign: &str,
        nth: usize,
        logged_in: bool,
        steps: &[Step],
    ) {
        let usual = usize::from(self.dice.chance(280)) * (1 + nth % 2);
        let (cookie, kind) = match &self.person.borrowed {
            Some(cookie) if self.dice.chance(400) => (cookie.clone(), "tablet"),
            _ => self.person.cookies[usual.min(self.person.cookies.len() - 1)].clone(),
        };
        let mut known = logged_in;
        for (place, step) in steps.iter().enumerate() {
            let at = plan.at + step.after;
            if at >= END {
                return;
            }
            if step.page == Page::Login {
                self.join(at);
                known = true;
            }
            let order = step.paid.map(|cents| (self.order(at, 'W', cents), cents));
            let line = rows::web(&Seen {
                at,
                device: (&cookie, kind),
                user: known.then_some(self.person.user.as_str()),
                step,
                from: (place == 0).then_some((&CHANNELS[plan.channel], campaign)),
                variant: self.person.variant,
                order,
            });
            self.shop.web.add(at, Kind::Plain, line.as_bytes());
            self.uses("cookie", &cookie, known);
        }
    }

    fn in_app(
        &mut self,
        plan: Plan,
        campaign: &str,
        is_kiosk: bool,
        logged_in: bool,
        steps: &[Step],
    ) {
        let (device, system) = match &self.person.device {
            Some(own) if !is_kiosk => (own.0.clone(), own.1),
            _ => ((*self.dice.one_of(&KIOSKS)).to_owned(), "android"),
        };
        // A phone without a network hands its events in later.
        let delay = if self.dice.chance(40) { self.dice.between(MINUTE, 8 * HOUR) } else { 0 };
        let mut known = logged_in;
        for (place, step) in steps.iter().enumerate() {
            let at = plan.at + step.after;
            if at >= END {
                return;
            }
            // At a kiosk one logs in to do anything.
            if step.page == Page::Login || (is_kiosk && place == 1) {
                self.join(at);
                known = true;
            }
            let order = step.paid.map(|cents| (self.order(at, 'M', cents), cents));
            let line = rows::app(&Seen {
                at,
                device: (&device, system),
                user: known.then_some(self.person.user.as_str()),
                step,
                from: (place == 0).then_some((&CHANNELS[plan.channel], campaign)),
                variant: self.person.variant,
                order,
            });
            let is_sent_again = step.paid.is_none() && self.dice.below(2000) == 0;
            let kind = if is_sent_again { Kind::Twice } else { Kind::Plain };
            self.shop.duplicates += u64::from(is_sent_again);
            self.shop.app.add(at + delay, kind, line.as_bytes());
            self.uses("device", if is_kiosk { "" } else { &device }, known);
        }
    }

    /// Remembers that the person went by these ids; an empty one is nobody's.
    fn uses(&mut self, kind: &'static str, id: &str, known: bool) {
        if !id.is_empty() {
            self.used.insert((kind, id.to_owned()));
        }
        if known {
            self.used.insert(("user", self.person.user.clone()));
        }
    }

    /// Opens the account, unless there is one.
    fn join(&mut self, at: i64) {
        if !self.memory.is_member {
            self.memory.is_member = true;
            self.link_account(at);
        }
    }

    /// Explicit evidence: the account's customer number, user id, address and card.
    fn link_account(&mut self, since: i64) {
        let Person { customer, user, email, card, .. } = self.person;
        let line = format!("{},{customer},{user},{email},", utc(since));
        self.shop.links.add(since, Kind::Plain, line.as_bytes());
        for id in [("customer", customer), ("user", user), ("email", email)] {
            self.used.insert((id.0, id.1.clone()));
        }
        if let Some(card) = card {
            let later = since + self.dice.between(MINUTE, 20 * DAY);
            if later < END {
                let line = format!("{},{customer},,,{card}", utc(later));
                self.shop.links.add(later, Kind::Plain, line.as_bytes());
                self.used.insert(("card", card.clone()));
            }
        }
    }

    /// Counts an order and names it.
    fn order(&mut self, at: i64, letter: char, cents: i64) -> String {
        self.shop.orders += 1;
        self.shop.revenue += cents;
        let number = mix(self.seed ^ mix(u64::from(self.person.number)) ^ at.unsigned_abs());
        format!("{letter}{:011}", number % 100_000_000_000)
    }

    /// A row of the customer file.
    fn crm(&mut self, at: i64, activity: &str, with_number: bool, note: &str) {
        if at >= END {
            return;
        }
        let (source, medium) = match activity {
            "newsletter clicked" => ("newsletter", "email"),
            "lead form" => ("trade fair", "event"),
            _ => ("", ""),
        };
        // Somebody types addresses by hand now and then.
        let email = match self.dice.below(100) {
            0 => self.person.email.to_uppercase(),
            1 => format!("{} ", self.person.email),
            _ => self.person.email.clone(),
        };
        let number = if with_number { self.person.customer.as_str() } else { "" };
        let line = format!(
            "{email};{number};{activity};{};{source};{medium};{}",
            local(at),
            field(note, ';')
        );
        self.shop.crm.add(at, Kind::Plain, line.as_bytes());
        self.used.insert(("email", self.person.email.clone()));
    }

    /// Calls to the support and forms filled in at a fair.
    fn call(&mut self) {
        if self.memory.is_member && self.dice.chance(60 + 200 * self.memory.orders.min(2)) {
            let at = self.at_day(0, DAYS);
            let note = *self.dice.one_of(&[
                "Parcel late; sent a voucher",
                "Asked about \"express\" delivery; told her it is 2 days",
                "Wrong size.\nWants to exchange 42 for 43",
                "Password forgotten",
                "Complains:\n- box damaged\n- no \"thank you\" card; apologized",
            ]);
            if self.person.member_since.is_some_and(|it| it < at) {
                self.crm(at, "support call", true, note);
                self.used.insert(("customer", self.person.customer.clone()));
            }
        }
        if self.dice.chance(12) {
            let at = self.at_day(5, 8);
            self.crm(at, "lead form", false, "Met at the fair, Hall 3; size 41");
        }
    }

    /// Purchases in the stores by people who carry the card.
    fn shop_around(&mut self) {
        let Some(card) = &self.person.card else { return };
        let count = match self.person.bond {
            Bond::Passing => self.dice.below(3),
            Bond::Occasional => self.dice.below(4),
            Bond::Regular => 1 + self.dice.below(5),
            Bond::Devoted => 2 + self.dice.below(10),
        };
        for _ in 0..count {
            let day = self.dice.between(0, DAYS);
            // Open from 10 to 20.
            let at = midnight(day) + 10 * HOUR + 1000 * self.dice.between(0, 36_000);
            let cents = self.dice.wait(4_500).max(150);
            let receipt = self.order(at, 'S', cents);
            let line = format!("{card}\t{}\t{receipt}\t{}", local(at), euros(cents));
            self.shop.pos.add(at, Kind::Plain, line.as_bytes());
            self.used.insert(("card", card.clone()));
        }
    }
}
