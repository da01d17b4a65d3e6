//! What would be read: rows used and set aside, ids and merges, order, time span.

use crate::base::numerals::{count, counted};
use crate::base::privacy::{masked, shown};
use crate::base::{Result, Span, Timestamp};
use crate::model::{Cell, Column, Kind, Report, Table};

use super::Study;

/// The data-quality report of a study.
///
/// # Errors
/// None today; kept for questions that the data cannot answer.
pub fn check(study: &Study) -> Result<Report> {
    let mut report = Report::new("check", "Data quality", study.catalog.currency);
    let (issues, ties) = (&study.raw.issues, study.shards.ties()?);
    report.findings.push(format!(
        "{} read: {} used, {} filtered out, {} set aside.",
        counted(issues.read, "row"),
        count(issues.used()),
        count(issues.filtered),
        count(issues.rejected()),
    ));
    report.tables.push(rows(study, ties));
    report.tables.push(files(study));
    report.tables.push(reasons(study));
    if !study.raw.issues.left_out().is_empty() {
        report.tables.push(left_out(study));
    }
    report.tables.push(places(study));
    report.tables.push(ids(study));
    report.tables.push(blocked(study));
    identity_notes(study, &mut report);
    report.notes.extend(study.guesses.iter().map(|it| format!("Guessed: {it}.")));
    if issues.rounded > 0 {
        report.notes.push(format!(
            "{} amounts had more decimals than {} has and were rounded half to even.",
            count(issues.rounded),
            study.catalog.currency.words()
        ));
    }
    if issues.ambiguous > 0 {
        report.notes.push(format!(
            "{} local times occurred twice when clocks went back; the earlier was taken.",
            issues.ambiguous
        ));
    }
    if ties > 0 {
        report.notes.push(
            "Where times tie, the place in the file decides; name an event_id or a sequence in \
             the source to make the order independent of it."
                .into(),
        );
    }
    if study.unmapped > 0 {
        report.notes.push(format!(
            "{} without a stage: no [[stage]] rule matches, or there is no name. Such an event \
             counts for sessions and touches, but is no step.",
            counted(study.unmapped, "event")
        ));
    }
    Ok(report)
}

fn identity_notes(study: &Study, report: &mut Report) {
    let stitched = &study.stitched;
    if stitched.exposed() > 0 {
        report.notes.push(format!(
            "{} with nothing but a device that several people use; [identity] shared_device \
             says whose.",
            counted(stitched.exposed(), "event")
        ));
    }
    if stitched.left_out > 0 {
        report.notes.push(format!(
            "A rule of [identity] left an id out of a row {} times.",
            count(stitched.left_out)
        ));
    }
    for place in &stitched.unknown_exclusions {
        report.notes.push(format!("{place}: excludes what does not occur."));
    }
}

fn rows(study: &Study, ties: u64) -> Table {
    let columns = vec![
        Column::new("measure", Kind::Text, "what is counted"),
        Column::new("value", Kind::Number, "how much"),
    ];
    let mut table =
        Table::new("rows", "Rows", "rows read = rows used + filtered out + set aside.", columns);
    let issues = &study.raw.issues;
    let catalog = &study.catalog;
    let mut row = |name: &str, cell: Cell| table.push(vec![Cell::text(name), cell]);
    row("rows read", Cell::Count(issues.read));
    row("rows used", Cell::Count(issues.used()));
    row("rows filtered out", Cell::Count(issues.filtered));
    row("rows set aside", Cell::Count(issues.rejected()));
    row("events", Cell::Count(catalog.events));
    row("customers", Cell::Count(catalog.customers));
    let exposed = study.stitched.exposed();
    row("events with nothing but a shared device", Cell::Count(exposed));
    row("share with nothing but a shared device", Cell::share(exposed, catalog.events));
    row("events without a stage", Cell::Count(study.unmapped));
    row("events ordered by place alone", Cell::Count(ties));
    row("share ordered by place alone", Cell::share(ties, catalog.events));
    let time = |it: Option<Timestamp>| Cell::or_empty(it, "no events", Cell::Time);
    row("first event", time(catalog.span.map(|it| it.0)));
    row("last event", time(catalog.span.map(|it| it.1)));
    let length: Option<Span> = catalog.span.map(|it| it.1.since(it.0));
    row("time span", Cell::or_empty(length, "no events", Cell::Span));
    table
}

fn files(study: &Study) -> Table {
    let columns = vec![
        Column::new("file", Kind::Text, "the input file"),
        Column::new("format", Kind::Text, "the format it was read as"),
        Column::new("bytes", Kind::Count, "bytes as stored"),
        Column::new("rows", Kind::Count, "records met, used or not"),
        Column::new(
            "times",
            Kind::Text,
            "how times were read; without time_format, as the first says",
        ),
    ];
    let mut table = Table::new("files", "Files", "In the order in which they were read.", columns);
    for input in &study.raw.inputs {
        table.push(vec![
            Cell::text(&input.path),
            Cell::text(&input.format),
            Cell::Count(input.bytes),
            Cell::Count(input.rows),
            Cell::text(&input.times_as),
        ]);
    }
    table
}

fn reasons(study: &Study) -> Table {
    let columns = vec![
        Column::new("reason", Kind::Text, "why rows were set aside"),
        Column::new("rows", Kind::Count, "how many"),
        Column::new("share", Kind::Share, "of rows read"),
        Column::new("what_to_do", Kind::Text, "a hint"),
    ];
    let about = "Each row is used, or counted here. `--rejects FILE` writes them all.";
    let mut table = Table::new("reasons", "Rows set aside", about, columns);
    for (kind, count) in study.raw.issues.kinds() {
        table.push(vec![
            Cell::text(kind.key()),
            Cell::Count(count),
            Cell::share(count, study.raw.issues.read),
            Cell::text(kind.hint()),
        ]);
    }
    table
}

fn places(study: &Study) -> Table {
    let columns = vec![
        Column::new("place", Kind::Text, "file:line:column"),
        Column::new("reason", Kind::Text, "why the row was set aside"),
        Column::new("detail", Kind::Text, "what is wrong"),
    ];
    let about = "The first ten rows of each reason.";
    let mut table = Table::new("places", "First places", about, columns);
    table.personal = true;
    table.shown = 20;
    let mut seen = std::collections::BTreeMap::new();
    for reject in study.raw.issues.rejects() {
        let count = seen.entry(reject.kind).or_insert(0usize);
        *count += 1;
        if *count <= crate::base::issues::SAMPLES {
            table.push(vec![
                Cell::text(reject.place.to_string()),
                Cell::text(reject.kind.key()),
                Cell::text(masked(&reject.detail)),
            ]);
        }
    }
    table
}

fn left_out(study: &Study) -> Table {
    let columns = vec![
        Column::new("reason", Kind::Text, "what the rows are"),
        Column::new("rows", Kind::Count, "how many"),
        Column::new("share", Kind::Share, "of rows read"),
        Column::new("first_places", Kind::Text, "where the first ones stand, as far as known"),
    ];
    let about = "Part of the rows filtered out: those that are knowingly no events, or not of \
                 their own, as duplicates and those of bots.";
    let mut table = Table::new("left_out", "Rows that are no events", about, columns);
    let issues = &study.raw.issues;
    for (reason, rows) in issues.left_out() {
        let places = issues.left_out_at().filter(|it| it.0 == reason);
        let places: Vec<String> = places.take(3).map(|it| it.1.to_string()).collect();
        table.push(vec![
            Cell::text(reason),
            Cell::Count(*rows),
            Cell::share(*rows, issues.read),
            Cell::text(places.join(", ")),
        ]);
    }
    table
}

fn ids(study: &Study) -> Table {
    let columns = vec![
        Column::new("id_type", Kind::Text, "the type of id, strongest first"),
        Column::new("ids", Kind::Count, "distinct ids"),
    ];
    let stitched = &study.stitched;
    let about = format!(
        "{} pairs of ids were seen together; they make {} customers.",
        count(stitched.links),
        count(study.catalog.customers)
    );
    let mut table = Table::new("ids", "Ids", &about, columns);
    for (id_type, count) in &stitched.ids {
        table.push(vec![Cell::text(id_type), Cell::Count(*count)]);
    }
    table
}

fn blocked(study: &Study) -> Table {
    let columns = vec![
        Column::new("id_type", Kind::Text, "the type of id"),
        Column::new("id", Kind::Text, "the id"),
        Column::new("count", Kind::Count, "stronger ids it meets, or rows that carry it"),
        Column::new("why", Kind::Text, "why it links nobody"),
    ];
    let about = format!(
        "Ids that link nobody: {}, of them because several people use them: {}. Texts in place of \
         ids that are nobody's: {}. At most 20 of each are shown.",
        count(study.stitched.blocked_count),
        count(study.stitched.shared_count),
        count(study.raw.blocked.len() as u64),
    );
    let mut table = Table::new("blocked", "Ids that link nobody", &about, columns);
    table.personal = true;
    for it in &study.stitched.blocked {
        table.push(vec![
            Cell::text(&it.id_type),
            Cell::text(shown(&it.id_type, &it.id)),
            Cell::Count(it.partners),
            Cell::text(it.why.words()),
        ]);
    }
    let mut nobodys: Vec<_> = study.raw.blocked.iter().collect();
    nobodys.sort_by_key(|it| std::cmp::Reverse(it.1));
    for ((id_type, id), count) in nobodys.into_iter().take(20) {
        let id_type = study.raw.fields.id_types.get(*id_type).map_or("", String::as_str);
        table.push(vec![
            Cell::text(id_type),
            Cell::text(shown(id_type, id)),
            Cell::Count(*count),
            Cell::text("nobody's id"),
        ]);
    }
    table
}
