//! How many of all journeys a run looks at, and what the others come to.
//!
//! Counts alone: which journeys are looked at is decided in `prepare`, and said in
//! words there, too.

use crate::base::Currency;
use crate::base::money::Total;
use crate::base::numerals::{count, counted, money};

/// Journeys, whose they are, and what they brought.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Tally {
    /// Customers with at least one of the journeys.
    pub customers: u64,
    /// Journeys.
    pub journeys: u64,
    /// Their conversions.
    pub orders: u64,
    /// What these are worth, in minor units.
    pub value: Total,
}

impl Tally {
    /// Adds what other customers have.
    pub fn add(&mut self, more: &Self) {
        self.customers += more.customers;
        self.journeys += more.journeys;
        self.orders += more.orders;
        self.value += more.value;
    }
}

/// Which journeys a run looks at, where it does not look at all.
///
/// What is left out is the difference: journeys, orders and value of `all` without those of
/// `kept`. Customers may have journeys of both kinds.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Selected {
    /// Which journeys are kept, as what follows the word "journeys": `with "Cart"`.
    pub words: String,
    /// What of a kept journey is shown, where that is not all of it.
    pub part: Option<String>,
    /// All journeys.
    pub all: Tally,
    /// Those that are kept.
    pub kept: Tally,
    /// Customers who made no journey at all, and are left out, too.
    pub without_journey: u64,
}

impl Selected {
    /// What was kept and what was left out, in sentences.
    ///
    /// ```
    /// use touchpath::model::{Selected, Tally};
    /// let all = Tally { customers: 9, journeys: 12, orders: 3, value: 3000 };
    /// let kept = Tally { customers: 2, journeys: 2, orders: 1, value: 1250 };
    /// let it = Selected { words: "with \"Cart\"".into(), all, kept, ..Selected::default() };
    /// assert_eq!(
    ///     it.sentence("EUR".parse().unwrap()),
    ///     "Only journeys with \"Cart\": 2 of 12 journeys, of 2 of 9 customers, with 1 of 3 \
    ///      conversions worth 12.50 EUR of 30.00 EUR. The others are not counted."
    /// );
    /// ```
    pub fn sentence(&self, currency: Currency) -> String {
        let (all, kept) = (&self.all, &self.kept);
        let mut text = format!(
            "Only journeys {}: {} of {}, of {} of {}, with {} of {}",
            self.words,
            count(kept.journeys),
            counted(all.journeys, "journey"),
            count(kept.customers),
            counted(all.customers, "customer"),
            count(kept.orders),
            counted(all.orders, "conversion"),
        );
        if all.value != 0 {
            let (own, whole) = (money(kept.value, currency), money(all.value, currency));
            text.push_str(&format!(" worth {own} of {whole}"));
        }
        text.push_str(". The others are not counted.");
        if self.without_journey > 0 {
            let it = counted(self.without_journey, "customer");
            let verb = if self.without_journey == 1 { "is" } else { "are" };
            text.push_str(&format!(" Nor {verb} {it} without any journey."));
        }
        if let Some(part) = &self.part {
            text.push_str(&format!(" {part}."));
        }
        text
    }

    /// The same as short lines, to stand below the title of a map.
    pub fn lines(&self) -> Vec<String> {
        let (all, kept) = (counted(self.all.journeys, "journey"), count(self.kept.journeys));
        let first = format!("Of {all}, {kept} {}", self.words);
        std::iter::once(first).chain(self.part.clone()).collect()
    }
}
