//! One visit: a walk from page to page that remembers.
//!
//! What comes next depends on the page before this one, on the products seen,
//! and on a cart that outlives the visit: more than a first-order chain knows.
//! Knows nothing of files; times are milliseconds since the visit began.

use super::channel::Channel;
use super::dice::Dice;
use super::people::{Bond, Person};

/// A kind of page in the shop, or the app's screen of that kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Page {
    Home,
    Search,
    Category,
    Product,
    Cart,
    Checkout,
    Login,
    Payment,
    Thanks,
    Help,
}

/// One page seen.
#[derive(Debug, Clone, Copy)]
pub(super) struct Step {
    pub(super) page: Page,
    /// Which product or category, from 0.
    pub(super) item: usize,
    /// Milliseconds since the visit began.
    pub(super) after: i64,
    /// What was bought, in cents, on the page that thanks for it.
    pub(super) paid: Option<i64>,
}

/// What somebody takes along from visit to visit.
#[derive(Debug, Default)]
pub(super) struct Memory {
    /// Prices of the things in the cart, in cents.
    pub(super) cart: Vec<i64>,
    /// Products ever seen.
    pub(super) seen: u32,
    /// Orders ever placed.
    pub(super) orders: u32,
    /// Whether the account exists yet.
    pub(super) is_member: bool,
    /// Whether the payment of this visit has failed.
    pub(super) failed: bool,
}

/// Prices of the shop's products, in cents.
const PRICES: [i64; 24] = [
    1_990, 2_490, 2_995, 3_495, 3_990, 4_490, 4_990, 4_990, 5_490, 5_990, 5_990, 6_490, 6_990,
    7_990, 7_990, 8_990, 8_990, 9_990, 10_990, 11_990, 12_990, 14_990, 18_990, 24_900,
];
/// The shop's categories.
pub(super) const CATEGORIES: [&str; 6] =
    ["sneakers", "boots", "sandals", "running", "kids", "sale"];
/// What sending costs below [`FREE_FROM`], in cents.
const SENDING: i64 = 490;
const FREE_FROM: i64 = 5_000;
/// No visit is longer than this many pages.
const LONGEST: usize = 60;
/// How often, in a thousand, the checkout leads on to payment in variants A and B.
const COMPLETES: [u32; 2] = [600, 645];

/// Walks through one visit.
pub(super) fn walk(
    person: &Person,
    memory: &mut Memory,
    channel: &Channel,
    logged_in: bool,
    dice: &mut Dice,
) -> Vec<Step> {
    let mut steps: Vec<Step> = Vec::with_capacity(8);
    let (mut after, mut known) = (0, logged_in);
    let (mut before, mut here) = (None, arrive(memory, channel, dice));
    memory.failed = false;
    loop {
        if here == Page::Checkout && !known && before != Some(Page::Login) {
            let asks = if memory.is_member { 850 } else { 1000 * u32::from(person.joins) };
            if dice.chance(asks) {
                known = true;
                steps.push(Step { page: Page::Login, item: 0, after, paid: None });
                after += dice.wait(18_000);
            }
        }
        let (item, paid) = act(here, memory, dice);
        steps.push(Step { page: here, item, after, paid });
        if steps.len() >= LONGEST {
            return steps;
        }
        let Some(next) = leave_or_go(person, memory, channel, before, here, dice) else {
            return steps;
        };
        // Putting a thing into the cart leads there at once, now and then in the same millisecond.
        let is_instant = here == Page::Product && next == Page::Cart && dice.chance(60);
        after += if is_instant { 0 } else { dice.wait(stay(here)) };
        if here == Page::Product && next == Page::Cart {
            memory.cart.push(PRICES[item]);
        }
        (before, here) = (Some(here), next);
    }
}

/// The first page of a visit.
fn arrive(memory: &Memory, channel: &Channel, dice: &mut Dice) -> Page {
    let pages = [Page::Home, Page::Category, Page::Product, Page::Search, Page::Cart, Page::Help];
    let full = u32::from(!memory.cart.is_empty());
    let weights = match channel.medium {
        "(none)" => [560, 90, 90, 90, 420 * full, 50],
        "cpc" | "paid_social" => [110, 380, 500, 0, 30 * full, 0],
        "email" => [60, 420, 480, 0, 160 * full, 0],
        "affiliate" | "display" => [80, 220, 680, 0, 180 * full, 0],
        _ => [300, 270, 340, 40, 60 * full, 50],
    };
    pages[dice.pick(weights.into_iter())]
}

/// What happens on a page: the thing looked at, and what is paid.
fn act(here: Page, memory: &mut Memory, dice: &mut Dice) -> (usize, Option<i64>) {
    match here {
        Page::Product => {
            memory.seen += 1;
            // Half of all looks go to a quarter of the products.
            let kinds = if dice.chance(500) { 6 } else { PRICES.len() as u32 };
            (dice.below(kinds) as usize * if kinds == 6 { 3 } else { 1 }, None)
        }
        Page::Category => (dice.below(CATEGORIES.len() as u32) as usize, None),
        Page::Thanks => {
            let goods: i64 = memory.cart.drain(..).sum();
            memory.orders += 1;
            (0, Some(if goods < FREE_FROM { goods + SENDING } else { goods }))
        }
        _ => (0, None),
    }
}

/// Draws the next page, or none when the visit ends.
fn leave_or_go(
    person: &Person,
    memory: &mut Memory,
    channel: &Channel,
    before: Option<Page>,
    here: Page,
    dice: &mut Dice,
) -> Option<Page> {
    let (leave, ways) = ways(person, memory, before, here);
    let patience = match person.bond {
        Bond::Passing => 115,
        Bond::Occasional => 100,
        Bond::Regular => 85,
        Bond::Devoted => 75,
    };
    // Once at the checkout, nobody cares any more where they came from.
    let is_late = matches!(here, Page::Checkout | Page::Payment | Page::Thanks);
    let leave = if is_late { leave } else { leave * patience * channel.leave / 10_000 };
    let place = dice.pick(std::iter::once(leave).chain(ways.iter().map(|it| it.1)));
    let next = (place > 0).then(|| ways[place - 1].0);
    memory.failed |= here == Page::Payment && next == Some(Page::Payment);
    next
}

/// The weight of leaving, and the ways on with theirs.
fn ways(
    person: &Person,
    memory: &Memory,
    before: Option<Page>,
    here: Page,
) -> (u32, [(Page, u32); 4]) {
    use Page::{Cart, Category, Checkout, Help, Home, Login, Payment, Product, Search, Thanks};
    let full = u32::from(!memory.cart.is_empty());
    match here {
        Home => (250, [(Category, 400), (Search, 230), (Product, 90), (Cart, 30 + 120 * full)]),
        // A second search in a row means that the first found nothing.
        Search if before == Some(Search) => {
            (390, [(Product, 380), (Search, 150), (Category, 60), (Help, 20)])
        }
        Search => (200, [(Product, 580), (Search, 150), (Category, 60), (Help, 10)]),
        Category => (190, [(Product, 590), (Category, 140), (Search, 60), (Home, 20)]),
        // Back from the cart to look once more: they come again to it.
        Product if before == Some(Cart) => {
            (190, [(Cart, 440), (Product, 220), (Category, 130), (Search, 20)])
        }
        Product => {
            let wish = if memory.seen >= 3 { 135 } else { 80 };
            let wish = if memory.orders > 0 { wish + 45 } else { wish };
            (310, [(Cart, wish), (Product, 260), (Category, 190), (Search, 70)])
        }
        Cart if full == 0 => (400, [(Home, 250), (Category, 250), (Search, 100), (Help, 0)]),
        // A cart that was there on arrival was thought over.
        Cart if before.is_none() => {
            (210, [(Checkout, 620), (Product, 120), (Category, 30), (Help, 20)])
        }
        Cart => (300, [(Checkout, 430), (Product, 170), (Category, 50), (Help, 20)]),
        Checkout => {
            let on = COMPLETES[usize::from(person.variant == 'B')];
            (890 - on, [(Payment, on), (Cart, 70), (Help, 40), (Login, 0)])
        }
        Payment if memory.failed => {
            (320, [(Thanks, 560), (Payment, 80), (Checkout, 40), (Help, 0)])
        }
        Payment => (45, [(Thanks, 860), (Payment, 70), (Checkout, 25), (Help, 0)]),
        Thanks => (880, [(Home, 90), (Category, 30), (Help, 0), (Login, 0)]),
        Login | Help => (420, [(Home, 200), (Search, 130), (Cart, 150 * full), (Category, 100)]),
    }
}

/// How long people usually look at a page, in milliseconds.
fn stay(here: Page) -> i64 {
    match here {
        Page::Home => 14_000,
        Page::Search => 16_000,
        Page::Category => 24_000,
        Page::Product => 46_000,
        Page::Cart => 31_000,
        Page::Checkout => 75_000,
        Page::Login => 18_000,
        Page::Payment => 52_000,
        Page::Thanks => 22_000,
        Page::Help => 60_000,
    }
}

#[cfg(test)]
mod tests {
    use super::super::channel::{CHANNELS, DIRECT};
    use super::*;

    /// Orders among checkouts of many walks by people of one variant.
    fn completion(variant: char) -> (u32, u32) {
        let mut dice = Dice::new(11, 0);
        let (mut checkouts, mut orders) = (0, 0);
        for number in 0..30_000 {
            let mut person = Person::new(11, number, &mut dice);
            person.variant = variant;
            let mut memory = Memory { cart: vec![4_990], ..Memory::default() };
            let steps = walk(&person, &mut memory, &CHANNELS[DIRECT], false, &mut dice);
            checkouts += u32::from(steps.iter().any(|it| it.page == Page::Checkout));
            orders += u32::from(steps.iter().any(|it| it.page == Page::Thanks));
            assert!(steps.windows(2).all(|it| it[0].after <= it[1].after));
            assert!(steps.iter().all(|it| it.paid.is_some() == (it.page == Page::Thanks)));
        }
        (orders, checkouts)
    }

    #[test]
    fn variant_b_completes_more_checkouts() {
        let (a, b) = (completion('A'), completion('B'));
        assert!(a.1 > 5_000 && b.1 > 5_000, "{a:?} {b:?}");
        let share = |it: (u32, u32)| it.0 * 1000 / it.1;
        assert!((20..150).contains(&(share(b) - share(a))), "{a:?} {b:?}");
    }
}
