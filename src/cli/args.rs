//! The command line as clap sees it: one subcommand an analysis, from the registry.

use clap::builder::PossibleValuesParser;
use clap::{Arg, ArgAction, Command, value_parser};

use crate::analysis::{ANALYSES, Entry};
use crate::demo::{SHOP_CUSTOMERS, SHOP_SEED};
use crate::input::presets::PRESETS;
use crate::output::FORMATS;
use crate::output::map::theme;

use super::flags::flags;
use super::graphviz;

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

fn explain() -> Command {
    let id = |name: &'static str, help: &'static str| {
        Arg::new(name).value_name("ID").required(true).help(help)
    };
    let of = |name: &'static str, about: &'static str, ids: Vec<Arg>, example: &'static str| {
        common(Command::new(name).about(about).args(ids)).after_help(example)
    };
    Command::new("explain")
        .about("Why: a customer's ids and merges, the evidence between two ids, ids refused")
        .subcommand_required(true)
        .arg_required_else_help(true)
        .disable_help_subcommand(true)
        .subcommand(of(
            "customer",
            "All ids of a customer, since when, its merges, and its journeys in short",
            vec![id("id", "One of its ids, as type:id")],
            "Example:\n  touchpath explain customer user:42 shop/",
        ))
        .subcommand(of(
            "same",
            "The shortest chain of rows between two ids, or which guard keeps them apart \
             (exit code 1)",
            vec![id("one", "An id, as type:id"), id("other", "Another one")],
            "Example:\n  touchpath explain same user:42 cookie:9f3c77 shop/",
        ))
        .subcommand(of(
            "blocked",
            "All ids that link nobody or were left out of a row, and why",
            Vec::new(),
            "Example:\n  touchpath explain blocked shop/",
        ))
        .after_help("Example:\n  touchpath explain same user:42 cookie:9f3c77 shop/")
}

fn stitch() -> Command {
    let as_of = text(
        "as-of",
        "TIME",
        "The world as known at this time, inclusive (RFC 3339, or a whole date in the journey's zone)",
    );
    let command = Command::new("stitch")
        .about("Who is who: stitched events, ids over time, the merge log, ids that left")
        .arg(as_of)
        .args(answer())
        .arg(
            text("journey", "FILE", "With partials: the journey to ask by")
                .help_heading(WHICH_DATA),
        )
        .arg(allow_overlap().help_heading(WHICH_DATA))
        .after_help(
            "Examples:\n  touchpath stitch shop/ -o stitched.csv\n  \
             touchpath stitch shop/ --part merges -o merges.csv\n\n\
             Parts: events, ids, merges, left, left_out",
        );
    ui(reading(command))
}

fn fold() -> Command {
    let command = Command::new("fold")
        .about("Read a shard, such as a day, into a partial: rows checked and coded, nothing lost")
        .arg(output("The partial to write, such as day1.part").required(true))
        .arg(
            text(
                "only",
                "PATTERN",
                "Only files of the journey whose name matches; may be repeated",
            )
            .action(ArgAction::Append),
        )
        .arg(
            text("keep", "PROPERTY", "A further property to carry, for --where; may be repeated")
                .action(ArgAction::Append),
        )
        .arg(switch("by-customer", "Say that the files hold whole customers, for merge to check"))
        .after_help("Example:\n  touchpath fold shop/ --only 'web/2026-01-31*' -o 0131.part");
    ui(reading(command))
}

fn merge() -> Command {
    let command = Command::new("merge")
        .about("Join partials into one; any order and grouping gives the same bytes")
        .arg(files("Partials, as fold or merge wrote them"))
        .arg(output("The partial to write, such as all.part").required(true))
        .arg(allow_overlap())
        .arg(switch("strict", "Refuse a partial that adds nothing, instead of dropping it"))
        .after_help("Example:\n  touchpath merge day*.part -o all.part");
    ui(command)
}

fn allow_overlap() -> Arg {
    switch(
        "allow-overlap",
        "Let partials share input files; one of the same name and content counts once",
    )
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

/// Where an answer goes, and how it looks.
fn answer() -> [Arg; 5] {
    const HEADING: &str = "The answer";
    let ours = FORMATS.iter().map(|it| it.name);
    let names: Vec<&str> = ours.chain(graphviz::KINDS.iter().map(|it| it.0)).collect();
    [
        output("Where to write; the format follows the ending [default: standard output]"),
        Arg::new("format")
            .long("format")
            .value_name("NAME")
            .value_parser(PossibleValuesParser::new(names))
            .help("The format of the answer [default: by the ending of --output, else table]"),
        text("part", "KEY", "The table or map to write where the format holds only one"),
        switch("all-rows", "Show all rows, also where a table would be cut for reading"),
        csv_raw(),
    ]
    .map(|it| it.help_heading(HEADING))
}

fn csv_raw() -> Arg {
    switch("csv-raw", "Write CSV without the guard against spreadsheet formulas")
}

/// How maps are drawn.
fn map_args() -> [Arg; 10] {
    [
        text(
            "coverage",
            "X",
            "Draw transitions until this share of all moves is covered, such as 0.9",
        )
        .value_parser(value_parser!(f64))
        .conflicts_with_all(["top-edges", "all-edges"]),
        number("top-edges", "Draw the N transitions with the most moves")
            .conflicts_with("all-edges"),
        switch("all-edges", "Draw all transitions"),
        number(
            "stages",
            "Draw the N most visited stages, 0 for all; a picture holds 200 [default: all of up to 50, \
             else 30; with transitions chosen, 100 in a picture and 1000 in DOT]",
        ),
        text(
            "only-stages",
            "A,B",
            "Draw these stages alone; ways to others count as minor, dotted arrows lead past them",
        )
        .action(ArgAction::Append)
        .value_delimiter(','),
        text("hide-stages", "A,B", "Leave these stages out of the picture, likewise")
            .action(ArgAction::Append)
            .value_delimiter(','),
        Arg::new("dir")
            .long("dir")
            .value_name("WAY")
            .value_parser(["tb", "lr"])
            .help("Which way the map flows: top to bottom, or left to right [default: tb]"),
        Arg::new("theme")
            .long("theme")
            .value_name("NAME")
            .value_parser(PossibleValuesParser::new(theme::NAMES.map(|it| it.0)))
            .help("The colors of the map; print is black on white [default: light]"),
        text(
            "layout-from",
            "FILE.json",
            "Keep the layout of another map of the journey, written as JSON before",
        ),
        switch("plain-labels", "Write DOT for readers that know no HTML-like labels"),
    ]
    .map(|it| it.help_heading(HOW_MAPS))
}

/// How maps are drawn by the commands that write one picture.
fn picture_args() -> Vec<Arg> {
    let more = [
        Arg::new("renderer")
            .long("renderer")
            .value_name("NAME")
            .value_parser(["builtin", "dot"])
            .help("Who draws SVG and PNG: touchpath, or an installed Graphviz [default: builtin]"),
        text("scale", "X", "Pixels of a PNG to a pixel of the SVG [default: 2]")
            .value_parser(value_parser!(f64)),
        text("font", "FILE", "A font for letters of a PNG beyond Latin, Greek and Cyrillic"),
    ]
    .map(|it| it.help_heading(HOW_MAPS));
    map_args().into_iter().chain(more).collect()
}

const HOW_MAPS: &str = "How maps are drawn";

/// What of which data is used.
fn selection(command: Command) -> Command {
    let options = [
        text(
            "since",
            "TIME",
            "Only events at or after this time (RFC 3339, or a date in the journey's zone)",
        ),
        text("until", "TIME", "Only events before this time (likewise)"),
        text(
            "where",
            "EXPR",
            "Only events for which this holds, such as \"device == 'app'\"; the others are left \
             out before journeys are cut",
        ),
        text(
            "journey",
            "FILE",
            "With partials: the journey to ask by [default: the one they were folded with]",
        ),
        allow_overlap(),
    ];
    reading(command.args(options.map(|it| it.help_heading(WHICH_DATA))))
}

const WHICH_DATA: &str = "Which data";

/// What is read, and how.
fn reading(command: Command) -> Command {
    let options = [
        text(
            "set",
            "KEY=VALUE",
            "Set a key of the journey file: journey.gap=none; may be repeated",
        )
        .action(ArgAction::Append),
        switch("allow-outside", "Let relative paths of the journey file lead out of its folder"),
        switch("strict", "Stop at the first bad row"),
        text("rejects", "FILE", "Write every row that was set aside, as CSV"),
        text(
            "hash-ids",
            "KEYFILE",
            "Replace every id by a hash with the key in this file, before anything else sees it",
        ),
        text(
            "forget",
            "FILE",
            "Leave rows out that carry one of these ids, one a line: email:ann@example.org",
        ),
        switch("fail-if-rejects", "Answer \"no\" (exit code 1) if any row was set aside"),
        number("threads", "Threads to use [default: all cores]"),
        text(
            "memory",
            "SIZE",
            "Memory to use, such as 2GB; beyond it rows go to a temporary file [default: 60 % of \
             the machine's]",
        ),
    ];
    let help =
        "A journey (a folder or its journey.toml), bare data files, or partials; - for stdin";
    command.arg(files(help)).args(options.map(|it| it.help_heading(WHICH_DATA)))
}

fn ui(command: Command) -> Command {
    const HEADING: &str = "Messages";
    command
        .arg(switch("quiet", "Say nothing but errors").short('q').help_heading(HEADING))
        .arg(switch("verbose", "Say more").short('v').help_heading(HEADING))
        .arg(
            Arg::new("color")
                .long("color")
                .value_name("WHEN")
                .value_parser(["auto", "always", "never"])
                .help("When to color [default: auto; NO_COLOR is heeded]")
                .help_heading(HEADING),
        )
        .arg(switch("no-progress", "Show no progress").help_heading(HEADING))
}

fn files(help: &'static str) -> Arg {
    Arg::new("inputs")
        .value_name("INPUT")
        .num_args(1..)
        .required(true)
        .help(help)
        .long_help(format!("{help}.\n\n{}", presets()))
}

/// The exports of vendors that are read as they are.
fn presets() -> String {
    let mut text =
        "Exports that are recognized as they are; preset = \"NAME\" in a source says so:"
            .to_owned();
    for it in PRESETS {
        text.push_str(&format!("\n  {:<12} {}", it.name, it.about));
    }
    text
}

fn output(help: &'static str) -> Arg {
    text("output", "FILE", help).short('o')
}

fn text(name: &'static str, value: &'static str, help: &'static str) -> Arg {
    Arg::new(name).long(name).value_name(value).help(help)
}

fn number(name: &'static str, help: &'static str) -> Arg {
    text(name, "N", help).value_parser(value_parser!(u64))
}

fn switch(name: &'static str, help: &'static str) -> Arg {
    Arg::new(name).long(name).action(ArgAction::SetTrue).help(help)
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_command_line_is_consistent() {
        super::command().debug_assert();
    }
}
