//! Online Retail: 541,909 invoice lines as CSV and as Parquet, against pandas; and CDNOW.

use serde_json::Value;
use touchpath::base::IssueKind;
use touchpath::study::Study;

use super::{at, close, figure, known, study_of, table};
use crate::case::Case;

const COLUMNS: &str = "time = 'InvoiceDate'\nids = { customer = 'CustomerID' }\n\
                       order = 'InvoiceNo'\nvalue = 'UnitPrice'\nquantity = 'Quantity'\n\
                       constants = { event = 'purchase' }";
/// The cleaning rule of the known figures.
const CLEAN: &str = "where = \"\"\"not CustomerID is missing and InvoiceNo !~ '^C' \
                     and Quantity > 0 and UnitPrice > 0\"\"\"";
const JOURNEY: &str = "[journey]\nconversion = 'purchase'\ngap = 'none'\n\
                       after_conversion = 'continue'";

/// The study under the cleaning rule.
fn clean(file: &str) -> Option<(Study, Value)> {
    let (data, expected) = known("orders", file)?;
    let study = study_of(&data, &format!("{COLUMNS}\n{CLEAN}"), JOURNEY);
    Some((study, expected))
}

#[test]
fn lines_without_a_customer_are_set_aside() {
    let Some((data, expected)) = known("orders", "online_retail.csv.gz") else { return };
    let expected = &expected["online_retail"];
    let study = study_of(&data, COLUMNS, JOURNEY);
    let issues = &study.raw.issues;
    assert_eq!(Value::from(issues.read), expected["rows"]);
    assert_eq!(Value::from(issues.count(IssueKind::MissingId)), expected["rows_without_customer"]);
    assert_eq!(issues.rejected(), issues.count(IssueKind::MissingId));
    assert_eq!(Value::from(study.catalog.customers), expected["customers"]);
}

#[test]
fn orders_revenue_and_time_between_orders_agree_with_pandas() {
    let Some((study, expected)) = clean("online_retail.csv.gz") else { return };
    let expected = &expected["online_retail_clean"];
    let issues = &study.raw.issues;
    assert_eq!((issues.read, issues.rejected()), (541_909, 0));
    assert_eq!(Value::from(issues.used()), expected["lines"]);
    assert_eq!(Value::from(study.catalog.customers), expected["customers"]);
    let kpi = table(&study, "kpi", "kpi");
    let of = |name, column| figure(at(&kpi, &[name], column));
    close(of("orders", "value"), &expected["orders"], 0.0, "orders");
    close(of("revenue", "value") / 100.0, &expected["revenue"], 1e-9, "revenue");
    let order = of("average order value", "numerator") / of("average order value", "denominator");
    close(order / 100.0, &expected["aov"], 1e-6, "average order value");
    close(of("repeat purchase rate", "value"), &expected["repeat_rate"], 1e-6, "repeat rate");
    let orders = of("orders per active customer", "value");
    close(orders, &expected["orders_per_customer"], 1e-6, "orders per customer");
    // A journey that goes on after a conversion moves from order to order.
    let transitions = table(&study, "map", "transitions");
    let wait = |column| figure(at(&transitions, &["purchase", "purchase"], column)) / 86_400.0;
    close(wait("wait_mean"), &expected["inter_order_days_mean"], 1e-6, "mean days between");
    close(wait("wait_median"), &expected["inter_order_days_median"], 1e-6, "median days between");
}

/// CDNOW stands in columns aligned by runs of blanks, which is no delimiter that is read:
/// nothing of it is read, and every line says why.
#[test]
fn columns_aligned_by_blanks_are_refused() {
    let Some((data, expected)) = known("orders", "CDNOW_master.txt.gz") else { return };
    let path = data.display().to_string();
    let error = touchpath::input::sniff::sniff(&path).unwrap_err();
    assert!(error.message().contains("no table"), "{error}");
    let source = "format = 'csv'\ndelimiter = ' '\ntime = 'date'\ntime_format = 'date'\n\
                  value = 'dollar_value'\nids = { customer = 'customer_id' }\n\
                  constants = { event = 'purchase' }";
    let case = Case::new(&[("journey.toml", &super::journey(&data, source, ""))]);
    let issues = case.study().raw.issues;
    assert_eq!(Value::from(issues.rejected()), expected["cdnow"]["rows"]);
    assert_eq!(issues.used(), 0);
    assert!(issues.count(IssueKind::FieldCount) > 0);
}

#[cfg(feature = "parquet")]
mod parquet {
    use touchpath::model::Report;
    use touchpath::output::{Style, format};

    use super::clean;
    use crate::case::reports;

    fn as_json(reports: &[Report]) -> String {
        let mut bytes = Vec::new();
        let reports: Vec<&Report> = reports.iter().collect();
        (format("json").unwrap().write)(&reports, &Style::default(), &mut bytes).unwrap();
        String::from_utf8(bytes).unwrap()
    }

    #[test]
    fn parquet_and_csv_give_the_same_bytes() {
        let Some((csv, _)) = clean("online_retail.csv.gz") else { return };
        let Some((parquet, _)) = clean("online_retail.parquet") else { return };
        let (csv, parquet) = (as_json(&reports(&csv)), as_json(&reports(&parquet)));
        assert!(csv.len() > 10_000 && csv == parquet);
    }
}
