//! The command line as clap sees it: one subcommand an analysis, from the registry.
//!
//! Here are the commands; what several of them ask is in the folder. Runs nothing.

mod answer;
mod data;
mod identity;
mod kinds;
mod maps;
mod partials;

use clap::builder::PossibleValuesParser;
use clap::{Arg, Command, value_parser};

use crate::analysis::{ANALYSES, Entry};
use crate::demo::{SHOP_CUSTOMERS, SHOP_SEED};

use super::flags::flags;
use answer::{answer, csv_raw, ui};
use data::{files, selection};
use identity::{explain, stitch};
use kinds::{number, output, switch, text};
use maps::{map_args, picture_args};
use partials::{fold, merge};

const ABOUT: &str = "Customer journeys from raw events: maps, drop-off, time to purchase, \
attribution that sums to the cent, A/B paths";

/// The analyses whose reports hold a map.
const WITH_MAPS: [&str; 2] = ["map", "compare"];

const AFTER: &str = "\
Examples:
  touchpath demo                              a sample shop and its report
  touchpath init events.csv > journey.toml    a journey file from your data
  touchpath report shop/ -o out               everything, as one offline page
  touchpath map events.csv -o map.svg         a journey map
  touchpath funnel events.csv --steps home,cart,purchase

The exports of Google Analytics 4, Segment, RudderStack, Snowplow, PostHog, Mixpanel, Amplitude,
Matomo and Shopify, XES logs and counted paths are recognized as they are: touchpath check --help.

Exit codes: 0 answered, 1 answered \"no\", 2 usage, input or I/O error.";

/// The whole command line.
pub fn command() -> Command {
    Command::new("touchpath")
        .version(env!("CARGO_PKG_VERSION"))
        .about(ABOUT)
        .after_help(AFTER)
        .subcommand_required(true)
        .arg_required_else_help(true)
        .disable_help_subcommand(true)
        .max_term_width(100)
        .subcommand(demo())
        .subcommand(init())
        .subcommand(check())
        .subcommand(report())
        .subcommands(ANALYSES.iter().map(analysis))
        .subcommand(reconcile())
        .subcommand(explain())
        .subcommand(stitch())
        .subcommand(fold())
        .subcommand(merge())
        .subcommand(schema())
        .subcommand(completions())
        .subcommand(man())
}

fn demo() -> Command {
    ui(Command::new("demo"))
        .about("Make the sample shop and its report, to look around")
        .arg(
            Arg::new("folder")
                .value_name("DIR")
                .default_value("touchpath-demo")
                .help("Where to put the sample's files and the report"),
        )
        .arg(
            number("customers", "How many customers the sample has")
                .default_value(SHOP_CUSTOMERS.to_string()),
        )
        .arg(
            number("seed", "The seed of the sample; the same seed, the same bytes")
                .default_value(SHOP_SEED.to_string()),
        )
        .arg(number("threads", "Threads to use [default: all cores]"))
        .after_help("Example:\n  touchpath demo")
}

fn init() -> Command {
    ui(Command::new("init"))
        .about("Look at data and write a commented journey file")
        .arg(files("The data files to look at; - for stdin"))
        .arg(output("Where to write the journey file [default: standard output]"))
        .after_help("Example:\n  touchpath init web.csv crm.csv -o journey.toml")
}

fn check() -> Command {
    common(Command::new("check"))
        .about("What would be read: rows used and set aside, ids and merges, order")
        .arg(switch(
            "identity-sensitivity",
            "Instead, how customers, conversion, paths, times and credit move from no stitching \
             to loose, default and strict guards",
        ))
        .after_help("Example:\n  touchpath check shop/ --rejects bad-rows.csv")
}

fn report() -> Command {
    let command = Command::new("report")
        .about("Everything in one pass: an offline page, maps, tables, ledger, manifest")
        .arg(
            Arg::new("output")
                .short('o')
                .long("output")
                .value_name("DIR")
                .default_value("touchpath-report")
                .help(
                    "The folder to write, files of an earlier report in it replaced; or one file \
                     if the ending names a format that holds several answers, such as .json",
                ),
        )
        .arg(
            text("only", "NAMES", "Answer these alone, in one pass, such as map,funnel,paths")
                .value_delimiter(',')
                .value_parser(PossibleValuesParser::new(ANALYSES.iter().map(|it| it.name))),
        )
        .arg(csv_raw())
        .args(map_args())
        .args(super::choice::args())
        .after_help("Example:\n  touchpath report shop/ -o out");
    ui(selection(command))
}

fn analysis(entry: &Entry) -> Command {
    // Schemas take time: only that of the command which is called is made.
    Command::new(entry.name).about(entry.about).after_help(example(entry.name)).defer(|own| {
        let name = own.get_name().to_owned();
        let schema = ANALYSES.iter().find(|it| it.name == name).map(|it| (it.schema)().to_value());
        let maps = if WITH_MAPS.contains(&&*name) { picture_args() } else { Vec::new() };
        // What is its own comes first in the help.
        common(own.args(schema.iter().flat_map(flags)).args(maps).args(super::choice::args()))
    })
}

/// A line to try, for an analysis of the registry.
fn example(name: &str) -> String {
    let more = match name {
        "map" => " -o map.svg\n  touchpath map shop/ --with Cart --without Purchase -o lost.svg",
        "funnel" => " --steps Cart,Checkout,Purchase --window 7d",
        "ledger" => " --ledger-model linear -o ledger.csv",
        _ => "",
    };
    format!("Example:\n  touchpath {name} shop/{more}")
}

fn reconcile() -> Command {
    let command = Command::new("reconcile")
        .about("Prove that a ledger sums to the orders")
        .arg(
            Arg::new("ledger")
                .value_name("LEDGER")
                .required(true)
                .help("The ledger, as `touchpath ledger --format csv` writes it"),
        )
        .arg(
            Arg::new("orders")
                .value_name("ORDERS")
                .required(true)
                .help("A CSV file with one line an order"),
        )
        .arg(text("order", "COLUMN", "The column with the order id").default_value("order"))
        .arg(text("value", "COLUMN", "The column with the amount").default_value("value"))
        .arg(text(
            "currency",
            "CODE",
            "The currency of amounts without one [default: the ledger's]",
        ))
        .args(answer())
        .after_help(
            "Example:\n  touchpath reconcile ledger.csv orders.csv --order id --value total",
        );
    ui(command)
}

fn schema() -> Command {
    Command::new("schema")
        .about("The JSON Schema of the journey file, for editors")
        .after_help("Example:\n  touchpath schema > journey.schema.json")
}

fn completions() -> Command {
    Command::new("completions")
        .about("Completions for a shell")
        .arg(
            Arg::new("shell")
                .value_name("SHELL")
                .value_parser(value_parser!(clap_complete::Shell))
                .required(true)
                .help("The shell that completes"),
        )
        .after_help("Example:\n  touchpath completions bash > touchpath.bash")
}

fn man() -> Command {
    Command::new("man")
        .about("The manual page, or one a command into a folder")
        .arg(Arg::new("folder").value_name("DIR").help("Write one page a command into this folder"))
        .after_help("Example:\n  touchpath man man/")
}

/// Arguments of every command that reads a journey and answers in any format.
fn common(command: Command) -> Command {
    ui(selection(command).args(answer()))
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_command_line_is_consistent() {
        super::command().debug_assert();
    }
}
