//! The KPI table: each figure with its two sums, its base in words, its interval.

use crate::analysis::cells::{share_with_interval, span_cell};
use crate::base::money::Total;
use crate::model::{Cell, Column, Kind, Table};
use crate::stats::{Interval, RatioSums, normal};

use super::{Kpi, KpiState};

const NO_ORDERS: &str = "no orders";
const NO_VALUES: &str = "no orders with a value";
const NO_CART: &str = "no cart stage";
const NO_CHECKOUT: &str = "no checkout stage";

/// What a quotient of two sums is.
#[derive(Clone, Copy)]
enum Unit {
    Share,
    Number,
    Money,
}

impl Unit {
    fn cell(self, value: f64) -> Cell {
        match self {
            Self::Share => Cell::Share(value),
            Self::Number => Cell::Number(value),
            Self::Money => Cell::Money(value.round() as Total),
        }
    }

    /// A cell of the sum above the line.
    fn part(self, part: i128) -> Cell {
        match self {
            Self::Money => Cell::Money(part),
            _ => Cell::Count(u64::try_from(part).unwrap_or_default()),
        }
    }
}

fn columns() -> Vec<Column> {
    vec![
        Column::new("kpi", Kind::Text, "the figure"),
        Column::new("value", Kind::Number, "numerator / denominator"),
        Column::new("low", Kind::Number, "lower end of its interval"),
        Column::new("high", Kind::Number, "upper end of its interval"),
        Column::new("numerator", Kind::Number, "the sum above the line"),
        Column::new("denominator", Kind::Count, "the sum below the line"),
        Column::new("base", Kind::Text, "what is divided by what"),
    ]
}

/// Makes the rows.
struct Rows {
    table: Table,
    confidence: f64,
}

impl Rows {
    /// A share of customers or buyers, each counted once, with Wilson's interval.
    fn share(&mut self, name: &str, part: u64, base: u64, words: &str) {
        let mut row = vec![Cell::text(name)];
        row.extend(share_with_interval(part, base, self.confidence));
        row.extend([Cell::Count(part), Cell::Count(base), Cell::text(words)]);
        self.table.push(row);
    }

    /// A quotient of sums over customers, with the interval between customers.
    fn ratio(&mut self, name: &str, unit: Unit, sums: &RatioSums, none: &'static str, words: &str) {
        let value = Cell::or_empty(sums.ratio(), none, |it| unit.cell(it));
        let interval = interval(sums, unit, self.confidence);
        let reason = if sums.base == 0 { none } else { "no spread between customers" };
        let end = |it: Option<f64>| Cell::or_empty(it, reason, |it| unit.cell(it));
        self.table.push(vec![
            Cell::text(name),
            value,
            end(interval.map(|it| it.low)),
            end(interval.map(|it| it.high)),
            unit.part(sums.part),
            Cell::Count(u64::try_from(sums.base).unwrap_or(u64::MAX)),
            Cell::text(words),
        ]);
    }
}

/// Normal interval of a ratio of sums with the variance between customers;
/// undefined with fewer than two customers or where all are alike.
fn interval(sums: &RatioSums, unit: Unit, confidence: f64) -> Option<Interval> {
    let (ratio, variance) = (sums.ratio()?, sums.variance()?);
    if variance <= 0.0 {
        return None;
    }
    let half = normal::z_for(confidence)? * variance.sqrt();
    let (low, high) = (ratio - half, ratio + half);
    Some(match unit {
        Unit::Share => Interval { low: low.max(0.0), high: high.min(1.0) },
        _ => Interval { low, high },
    })
}

/// All KPIs, in a fixed order.
pub fn table(kpi: &Kpi, state: KpiState, confidence: f64) -> Table {
    let about = "Every figure is its numerator by its denominator; the base says of what.";
    let mut rows = Rows { table: Table::new("kpi", "KPIs", about, columns()), confidence };
    conversion_rows(&mut rows, &state);
    money_rows(&mut rows, &state);
    let (buyers, customers) = (state.buyers, state.customers);
    let words = "buyers with two or more orders / buyers";
    rows.share("repeat purchase rate", state.repeat_buyers, buyers, words);
    let words = "customers with two or more sessions / customers";
    rows.share("customer return rate", state.returning, customers, words);
    cart_rows(&mut rows, kpi, &state);
    let words = "sessions of a single event / sessions";
    rows.ratio("single-event session rate", Unit::Share, &state.bounced, "no sessions", words);
    duration_rows(&mut rows, state);
    rows.table
}

fn conversion_rows(rows: &mut Rows, state: &KpiState) {
    let words = "sessions with a conversion / sessions";
    let sums = &state.converting;
    rows.ratio("conversion rate per session", Unit::Share, sums, "no sessions", words);
    let words = "customers with a conversion / customers";
    rows.share("conversion rate per customer", state.buyers, state.customers, words);
}

fn money_rows(rows: &mut Rows, state: &KpiState) {
    let none = || Cell::Empty("a total");
    let valued = state.order_value.base > 0;
    let revenue = if valued { Cell::Money(state.revenue) } else { Cell::Empty(NO_VALUES) };
    for (name, value, words) in [
        ("orders", Cell::Count(state.orders), "all orders"),
        ("revenue", revenue, "value of all orders"),
    ] {
        let name = Cell::text(name);
        rows.table.push(vec![name, value, none(), none(), none(), none(), Cell::text(words)]);
    }
    let words = "value of orders / orders with a value";
    rows.ratio("average order value", Unit::Money, &state.order_value, NO_VALUES, words);
    if valued {
        let words = "value of orders / customers";
        let sums = &state.customer_value;
        rows.ratio("revenue per customer", Unit::Money, sums, "no customers", words);
    }
    let words = "orders / buyers";
    let sums = &state.orders_per_buyer;
    rows.ratio("orders per active customer", Unit::Number, sums, NO_ORDERS, words);
}

fn cart_rows(rows: &mut Rows, kpi: &Kpi, state: &KpiState) {
    let none = if kpi.cart.is_some() { "no sessions with a cart" } else { NO_CART };
    let words = "sessions with a cart and no conversion / sessions with a cart";
    rows.ratio("cart abandonment rate", Unit::Share, &state.abandoned, none, words);
    let none = if kpi.checkout.is_some() { "no sessions with a checkout" } else { NO_CHECKOUT };
    let words = "sessions with a checkout and a conversion / sessions with a checkout";
    rows.ratio("checkout completion rate", Unit::Share, &state.completed, none, words);
}

fn duration_rows(rows: &mut Rows, state: KpiState) {
    let durations = state.durations.figures();
    let buyers = Cell::Count(durations.count);
    let words = "first event to first conversion, among buyers only; see time for all customers";
    for (name, value) in [
        ("purchase journey duration, median", durations.median),
        ("purchase journey duration, mean", durations.mean),
    ] {
        let reason = Cell::Empty("among buyers only");
        rows.table.push(vec![
            Cell::text(name),
            span_cell(value, NO_ORDERS),
            reason.clone(),
            reason.clone(),
            Cell::Empty("of times"),
            buyers.clone(),
            Cell::text(words),
        ]);
    }
}
