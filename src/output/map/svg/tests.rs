//! Pictures read back: whole, well-formed, and holding what they say.

use super::*;
use crate::model::map::MapKind;
use crate::output::map::drawing::Role;
use crate::output::map::filter::Keep;
use crate::output::map::measure::width;
use crate::output::{escape, sample};

fn written(map: &JourneyMap, style: &MapStyle) -> String {
    sample::written(write, map, style)
}

/// Elements that a picture may hold; anything else is active or foreign.
const ALLOWED: [&str; 8] = ["svg", "title", "desc", "rect", "circle", "path", "text", "g"];

fn check(svg: &str) -> roxmltree::Document<'_> {
    let document = roxmltree::Document::parse(svg).unwrap();
    for node in document.descendants().filter(roxmltree::Node::is_element) {
        assert!(ALLOWED.contains(&node.tag_name().name()), "{}", node.tag_name().name());
        for attribute in node.attributes() {
            assert!(!attribute.name().starts_with("on"), "{}", attribute.name());
            assert!(!["href", "style", "id"].contains(&attribute.name()));
        }
    }
    document
}

fn of_class<'a>(
    document: &'a roxmltree::Document<'_>,
    class: &str,
) -> Vec<roxmltree::Node<'a, 'a>> {
    document.descendants().filter(|it| it.attribute("class") == Some(class)).collect()
}

#[test]
fn every_size_of_map_is_a_whole_picture() {
    for kind in [MapKind::Frequency, MapKind::Wait, MapKind::Difference] {
        let map = sample::shop(kind);
        let svg = written(&map, &MapStyle::default());
        let document = check(&svg);
        let drawing = draw_within(&map, &MapStyle::default(), ROOM);
        assert_eq!(of_class(&document, "stage").len(), drawing.shapes.len());
        assert_eq!(of_class(&document, "way").len(), drawing.lines.len());
        save(&svg, &format!("{kind:?}"));
    }
    for (name, theme) in crate::output::map::theme::NAMES {
        for kind in [MapKind::Frequency, MapKind::Wait, MapKind::Difference] {
            let style = MapStyle { theme, ..MapStyle::default() };
            let svg = written(&sample::shop(kind), &style);
            check(&svg);
            save(&svg, &format!("{name}-{kind:?}"));
        }
    }
    for (name, map) in [
        ("three", sample::row(&["Visit", "Cart", "Purchase"])),
        ("one", sample::row(&["Only stage"])),
        ("empty", JourneyMap::default()),
        ("dense", sample::dense(24, 125)),
    ] {
        let svg = written(&map, &MapStyle::default());
        check(&svg);
        save(&svg, name);
    }
    let style = MapStyle { keep: Keep::All, ..MapStyle::default() };
    save(&written(&sample::dense(24, 125), &style), "dense-all");
    let style = MapStyle { direction: crate::output::map::Direction::Right, ..MapStyle::default() };
    save(&written(&sample::row(&["Visit", "Cart", "Purchase"]), &style), "right");
}

fn paged(map: &JourneyMap, style: &MapStyle) -> String {
    let mut out = Vec::new();
    write_page(map, style, &mut out).unwrap();
    String::from_utf8(out).unwrap()
}

/// What of a page's map is seen at a level and a metric, by the rules of [`write_page`].
fn seen(node: &roxmltree::Node<'_, '_>, level: usize, metric: &str) -> bool {
    let number = |name: &str| node.attribute(name).map(|it| it.parse::<usize>().unwrap());
    number("data-level").is_none_or(|it| it <= level)
        && number("data-at").is_none_or(|it| it == level)
        && node.attribute("data-metric").is_none_or(|it| it.split(' ').any(|it| it == metric))
}

#[test]
fn a_page_holds_every_level_and_metric_and_shows_the_chosen_ones() {
    for map in
        [sample::shop(MapKind::Frequency), sample::shop(MapKind::Wait), sample::dense(24, 125)]
    {
        let svg = paged(&map, &MapStyle::default());
        save(&svg, &format!("page-{:?}-{}", map.kind, map.nodes.len()));
        let document = check(&svg);
        let root = document.root_element();
        let value = |name: &str| root.attribute(name).unwrap_or_default();
        let (levels, level) = (value("data-levels"), value("data-level"));
        let (levels, level) = (levels.parse::<usize>().unwrap(), level.parse::<usize>().unwrap());
        assert!(level >= 1 && level <= levels && value("class") == "journey");
        assert_eq!(value("data-metric"), map.metric.name());
        // What is switched off is what the rules say, and nothing else.
        for node in root.descendants().filter(|it| it.is_element() && *it != root) {
            let off = node.attribute("display") == Some("none");
            assert_eq!(off, !seen(&node, level, map.metric.name()), "{node:?}");
        }
        // Each level says what it covers, and draws as many arrows as it says.
        let mut before = 0.0;
        for at in 1..=levels {
            let coverage: f64 = value(&format!("data-coverage-{at}")).parse().unwrap();
            assert!(coverage >= before && coverage <= 1.0);
            before = coverage;
            let drawn = of_class(&document, "way").into_iter().filter(|it| {
                let stage = it.attribute("data-from").unwrap_or_default().starts_with('n');
                let arrow = it.attribute("stroke").is_some();
                let to_stage = it.attribute("data-to").unwrap_or_default().starts_with('n');
                stage && to_stage && arrow && seen(it, at, map.metric.name())
            });
            assert_eq!(drawn.count().to_string(), value(&format!("data-transitions-{at}")));
        }
        // At any moment each way has one label at most, and each stage one line of figures.
        for metric in value("data-metrics").split(' ') {
            for way in of_class(&document, "way") {
                let labels = way.children().filter(|it| it.has_tag_name("g"));
                assert!(labels.filter(|it| seen(it, levels, metric)).count() <= 1);
            }
            for stage in of_class(&document, "stage") {
                let lines = stage.children().filter(|it| it.attribute("class") == Some("detail"));
                let lines = lines.filter(|it| seen(it, levels, metric)).count();
                assert_eq!(lines, usize::from(stage.attribute("tabindex").is_some()));
            }
        }
    }
}

#[test]
fn a_page_names_stages_by_their_place_in_the_whole_map() {
    let map = sample::shop(MapKind::Frequency);
    let style = MapStyle { hide_stages: vec![map.nodes[0].name.clone()], ..MapStyle::default() };
    let svg = paged(&map, &style);
    let document = check(&svg);
    for stage in of_class(&document, "stage").into_iter().skip(1) {
        let id = stage.attribute("data-id").unwrap();
        let node = &map.nodes[id[1..].parse::<usize>().unwrap()];
        let label = stage.attribute("aria-label").unwrap();
        assert!(label.starts_with(&format!("{}: ", node.name)), "{label}");
    }
    let hostile = sample::hostile();
    check(&paged(&hostile, &MapStyle { keep: Keep::All, ..MapStyle::default() }));
    check(&paged(&JourneyMap::default(), &MapStyle::default()));
}

/// Where each stage's name stands.
fn spots(svg: &str, map: &JourneyMap) -> std::collections::BTreeMap<String, (i64, i64)> {
    let document = check(svg);
    let mut spots = std::collections::BTreeMap::new();
    for stage in of_class(&document, "stage") {
        let id = stage.attribute("data-id").unwrap();
        let Some(place) = id.strip_prefix('n') else { continue };
        let words = stage.children().find(|it| it.has_tag_name("text")).unwrap();
        let number = |name: &str| words.attribute(name).unwrap().parse::<f64>().unwrap();
        let name = map.nodes[place.parse::<usize>().unwrap()].name.clone();
        let spot = (number("x") * 10.0).round() as i64;
        spots.insert(name, (spot, (number("y") * 10.0).round() as i64));
    }
    spots
}

#[test]
fn two_maps_of_a_journey_keep_their_layout() {
    let before = sample::shop(MapKind::Frequency);
    let mut after = before.clone();
    // Half as many moves of some, other figures, other waits, and a stage is new.
    after.edges.iter_mut().step_by(3).for_each(|it| it.moves /= 2);
    after.nodes.iter_mut().for_each(|it| it.customers /= 3);
    let new = crate::model::MapNode {
        name: "New stage".to_owned(),
        visits: 900,
        ..after.nodes[3].clone()
    };
    after.nodes.push(new);
    let style = MapStyle::default().beside(&before);
    let first = spots(&written(&before, &MapStyle::default()), &before);
    let alone = spots(&written(&after, &MapStyle::default()), &after);
    assert_ne!(first["Cart"], alone["Cart"]);
    for (page, svg) in [(false, written(&after, &style)), (true, paged(&after, &style))] {
        let from = match page {
            false => first.clone(),
            true => spots(&paged(&before, &MapStyle::default()), &before),
        };
        let second = spots(&svg, &after);
        save(&svg, &format!("beside-{page}"));
        assert_eq!(second.len(), from.len() + 1);
        let shift = |name: &str| (second[name].0 - from[name].0, second[name].1 - from[name].1);
        let moved = shift("Cart");
        for name in from.keys() {
            let (x, y) = shift(name);
            // Pixels are rounded to tenths; boxes with a third line hold their name higher.
            assert!(
                (x - moved.0).abs() <= 2 && (y - moved.1).abs() <= 67,
                "{name} {x} {y} {moved:?}"
            );
        }
        assert!(second["New stage"].1 > second["Purchase"].1);
    }
    // A map beside itself is drawn with every box on its spot.
    let same = spots(&written(&before, &MapStyle::default().beside(&before)), &before);
    assert_eq!(same.len(), first.len());
    // A map of differences, too.
    let change = sample::shop(MapKind::Difference);
    save(&written(&change, &style), "beside-difference");
}

#[test]
fn hundreds_of_stages_are_drawn_in_bounded_time() {
    let started = std::time::Instant::now();
    let map = sample::dense(200, 450);
    let svg = written(&map, &MapStyle::default());
    check(&svg);
    save(&svg, "large");
    // Unoptimized and on a busy machine; it takes far less.
    assert!(started.elapsed().as_secs() < 60, "{:?}", started.elapsed());
    save(&format!("{:?}", started.elapsed()), "large-time");
}

/// Writes a picture to look at where `TOUCHPATH_PICTURES` names a folder.
fn save(svg: &str, name: &str) {
    if let Some(folder) = std::env::var_os("TOUCHPATH_PICTURES") {
        let path = std::path::Path::new(&folder).join(format!("{name}.svg"));
        fs_err::write(path, svg).unwrap();
    }
}

#[test]
fn hostile_names_stay_words() {
    let map = sample::hostile();
    let style = MapStyle { keep: Keep::All, stages: Some(0), ..MapStyle::default() };
    let svg = written(&map, &style);
    let document = check(&svg);
    let stages = of_class(&document, "stage");
    assert_eq!(stages.len(), map.nodes.len() + 1);
    for (shown, stage) in stages[1..].iter().zip(&map.nodes) {
        let title = shown.first_element_child().and_then(|it| it.text()).unwrap_or("");
        assert!(title.starts_with(&escape::clean(&stage.name)), "{title}");
    }
}

#[test]
fn boxes_hold_their_words_and_never_overlap() {
    let map = sample::shop(MapKind::Wait);
    let drawing = draw_within(&map, &MapStyle::default(), ROOM);
    let items: Vec<Item> = drawing.shapes.iter().map(item).collect();
    let ways: Vec<Way> = drawing.lines.iter().map(way).collect();
    let plan = Graphlay.plan(&items, &ways, MapStyle::default().direction).unwrap();
    let boxes: Vec<Rect> = plan
        .centers
        .iter()
        .zip(&items)
        .map(|(at, it)| Rect::around(*at, it.width, it.height))
        .collect();
    for (index, left) in boxes.iter().enumerate() {
        for right in &boxes[index + 1..] {
            assert_eq!(left.overlap(right), 0.0);
        }
    }
    for (shape, item) in drawing.shapes.iter().zip(&items).skip(1) {
        assert!(width(&shape.name, NAME, true) <= item.width || shape.role == Role::Left);
    }
}
