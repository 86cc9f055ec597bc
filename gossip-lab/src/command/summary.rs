//! The figures of all trials.

use comfy_table::{CellAlignment, Table, presets};
use gossip_lab::scenario::Outcome;
use serde_json::{Map, Value, json};

/// One figure over all trials.
enum Figure {
    /// Ascending.
    Numbers(Vec<f64>),
    /// Figures of all trials together.
    Pooled(f64),
    /// A value that is not a number: that of the first trial.
    Other(Value),
}

/// All figures, by name.
pub(crate) struct Summary(Vec<(String, Figure)>);

impl Summary {
    pub(crate) fn new(outcomes: &[Outcome], pooled: Map<String, Value>) -> Self {
        let Some(first) = outcomes.first() else { return Self(Vec::new()) };
        let figure = |(name, value): (&String, &Value)| {
            let all = outcomes.iter().filter_map(|outcome| outcome.figures.get(name)?.as_f64());
            let mut numbers: Vec<f64> = all.collect();
            numbers.sort_unstable_by(f64::total_cmp);
            let figure = if let Some(pooled) = pooled.get(name).and_then(Value::as_f64) {
                Figure::Pooled(pooled)
            } else if numbers.len() == outcomes.len() {
                Figure::Numbers(numbers)
            } else {
                Figure::Other(value.clone())
            };
            (name.clone(), figure)
        };
        Self(first.figures.iter().map(figure).collect())
    }

    /// Returns all figures as one object.
    pub(crate) fn json(&self, scenario: &str, seed: u64, trials: u64) -> Value {
        let mut object = Map::new();
        object.insert("scenario".into(), scenario.into());
        object.insert("seed".into(), seed.into());
        object.insert("trials".into(), trials.into());
        let mut spread = Map::new();
        for (name, figure) in &self.0 {
            let value = match figure {
                Figure::Numbers(numbers) => number(mean(numbers)),
                Figure::Pooled(pooled) => number(*pooled),
                Figure::Other(value) => value.clone(),
            };
            object.insert(name.clone(), value);
            if let Figure::Numbers(numbers) = figure
                && numbers.first() != numbers.last()
            {
                let [min, median, most, max] = [0, 50, 99, 100].map(|p| percentile(numbers, p));
                let differ = json!({ "min": min, "median": median, "p99": most, "max": max });
                spread.insert(name.clone(), differ);
            }
        }
        if trials > 1 {
            object.insert("spread".into(), spread.into());
        }
        object.into()
    }

    /// Formats a table of the figures, and one for each figure that is a list.
    pub(crate) fn tables(&self) -> String {
        let lists = self.0.iter().filter_map(|(_, figure)| list(figure).map(columns));
        let tables = std::iter::once(self.table()).chain(lists);
        tables.map(|table| table.to_string()).collect::<Vec<_>>().join("\n")
    }

    fn table(&self) -> Table {
        let mut table = styled();
        let many = self
            .0
            .iter()
            .any(|(_, figure)| matches!(figure, Figure::Numbers(numbers) if numbers.len() > 1));
        let columns: &[&str] =
            if many { &["", "mean", "min", "median", "99 %", "max"] } else { &["", "figure"] };
        table.set_header(columns);
        for (name, figure) in self.0.iter().filter(|(_, figure)| list(figure).is_none()) {
            let mut row = vec![name.clone()];
            match figure {
                Figure::Numbers(numbers) if many => {
                    row.push(text(mean(numbers)));
                    row.extend([0, 50, 99, 100].map(|p| text(percentile(numbers, p))));
                }
                Figure::Numbers(numbers) => row.push(text(mean(numbers))),
                Figure::Pooled(pooled) => row.push(text(*pooled)),
                Figure::Other(value) => row.push(plain(value)),
            }
            table.add_row(row);
        }
        table.column_iter_mut().skip(1).for_each(|c| c.set_cell_alignment(CellAlignment::Right));
        table
    }
}

fn styled() -> Table {
    let mut table = Table::new();
    table.load_style(presets::UTF8_FULL_CONDENSED);
    table
}

/// Returns the objects of a figure that is a list of them.
fn list(figure: &Figure) -> Option<Vec<&Map<String, Value>>> {
    let Figure::Other(Value::Array(values)) = figure else { return None };
    values.iter().map(Value::as_object).collect()
}

/// Formats a table with a column per object.
fn columns(objects: Vec<&Map<String, Value>>) -> Table {
    let mut table = styled();
    let Some(first) = objects.first() else { return table };
    let cell = |object: &Map<String, Value>, name: &str, part: Option<&str>| {
        let value = &object[name];
        plain(part.map_or(value, |part| &value[part]))
    };
    let mut rows = first
        .iter()
        .flat_map(|(name, value)| {
            let parts = value.as_object().map(|parts| parts.keys().map(|part| Some(part.as_str())));
            let parts = parts.map_or_else(|| vec![None], Iterator::collect);
            parts.into_iter().map(move |part| (name, part))
        })
        .map(|(name, part)| {
            let label = part.map_or_else(|| name.clone(), |part| format!("{name} {part}"));
            let cells = objects.iter().map(|object| cell(object, name, part));
            std::iter::once(label).chain(cells).collect::<Vec<_>>()
        });
    table.set_header(rows.next().unwrap_or_default());
    table.add_rows(rows);
    table.column_iter_mut().skip(1).for_each(|c| c.set_cell_alignment(CellAlignment::Right));
    table
}

fn plain(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        _ => value.as_f64().map_or_else(|| value.to_string(), text),
    }
}

fn mean(numbers: &[f64]) -> f64 {
    numbers.iter().sum::<f64>() / numbers.len() as f64
}

/// Returns a percentile of ascending numbers.
fn percentile(numbers: &[f64], percent: usize) -> f64 {
    numbers[((numbers.len() - 1) * percent).div_ceil(100)]
}

/// Converts a number, as an integer if it is whole.
fn number(number: f64) -> Value {
    if number.fract() == 0.0 && number.abs() < 1e15 { json!(number as i64) } else { json!(number) }
}

/// Formats with at least three digits.
fn text(number: f64) -> String {
    if number.fract() == 0.0 {
        return format!("{number:.0}");
    }
    let digits = match number.abs() {
        1_000.0.. => 0,
        100.0.. => 1,
        10.0.. => 2,
        _ => 3,
    };
    format!("{number:.digits$}")
}
