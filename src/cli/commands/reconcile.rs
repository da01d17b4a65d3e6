//! `reconcile`: does a ledger sum to the orders?

use clap::ArgMatches;

use crate::analysis::reconcile::{OrderAmount, reconcile};
use crate::base::names::nearest;
use crate::base::{Currency, Error, Place, Result};
use crate::cli::answers;
use crate::cli::exit::Exit;
use crate::cli::ui::Ui;
use crate::input::decimal::Decimal;
use crate::output::escape::unguard;

/// Compares a ledger with a list of orders; "no" when any unit is off.
///
/// # Errors
/// Unreadable files, missing columns, amounts that are no numbers.
pub fn run(matches: &ArgMatches, ui: &Ui) -> Result<Exit> {
    let text = |name: &str| matches.get_one::<String>(name).map_or("", String::as_str);
    let named = matches.get_one::<String>("currency");
    let named = named.map(|it| it.parse::<Currency>()).transpose()?;
    let unnamed = named.unwrap_or(Currency::UNNAMED);
    let ledger = List { path: text("ledger"), order: "order", value: "credit", currency: unnamed };
    let ledger = ledger.read()?;
    let currency = named.or_else(|| only_currency(&ledger)).unwrap_or(Currency::UNNAMED);
    let orders =
        List { path: text("orders"), order: text("order"), value: text("value"), currency };
    let report = reconcile(&ledger, &orders.read()?);
    ui.done();
    answers::write(&[&report], matches, ui)?;
    Ok(if report.negative { Exit::No } else { Exit::Answered })
}

/// The currency of all rows; none if there are no rows, or rows of several.
///
/// A list of orders seldom names its currency, a ledger always does.
fn only_currency(rows: &[OrderAmount]) -> Option<Currency> {
    let first = rows.first()?.currency;
    rows.iter().all(|it| it.currency == first).then_some(first)
}

/// A CSV file with an order id and an amount in each row.
struct List<'a> {
    path: &'a str,
    order: &'a str,
    value: &'a str,
    currency: Currency,
}

impl List<'_> {
    fn read(&self) -> Result<Vec<OrderAmount>> {
        let mut reader = csv::Reader::from_reader(fs_err::File::open(self.path)?);
        let wrong = |error: csv::Error| {
            let line = error.position().map_or(0, csv::Position::line);
            Error::new(format!("cannot read the table: {error}"))
                .at(Place::line(self.path, line))
                .caused_by(error)
        };
        let header = reader.headers().map_err(wrong)?.clone();
        let order = self.column(&header, self.order)?;
        let value = self.column(&header, self.value)?;
        let currency = header.iter().position(|it| it == "currency");
        let mut rows = Vec::new();
        for row in reader.records() {
            let row = row.map_err(wrong)?;
            let line = row.position().map_or(0, csv::Position::line);
            let field = |at: usize| row.get(at).unwrap_or_default();
            let currency = match currency.map(field).filter(|it| !it.is_empty()) {
                Some(code) => {
                    code.parse().map_err(|it: Error| it.at(Place::line(self.path, line)))?
                }
                None => self.currency,
            };
            let amount = amount(field(value), currency).ok_or_else(|| {
                Error::new(format!("cannot read an amount from \"{}\"", field(value)))
                    .at(Place::line(self.path, line))
                    .hint("write a plain decimal number with no more digits than the currency has")
            })?;
            rows.push(OrderAmount { order: unguard(field(order)).to_owned(), amount, currency });
        }
        Ok(rows)
    }

    fn column(&self, header: &csv::StringRecord, name: &str) -> Result<usize> {
        header.iter().position(|it| it == name).ok_or_else(|| {
            Error::new(format!("there is no column \"{name}\""))
                .at(Place::line(self.path, 1))
                .suggest(nearest(name, header.iter()))
        })
    }
}

/// An amount in minor units, exact or not at all.
fn amount(text: &str, currency: Currency) -> Option<i128> {
    let (minor, rounded) = Decimal::parse(text)?.to_minor(currency.digits())?;
    (!rounded).then_some(i128::from(minor))
}
