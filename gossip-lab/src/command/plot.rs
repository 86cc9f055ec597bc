//! Plots.

use std::path::Path;

use gossip_lab::scenario::{Curve, Error};
use plotters::prelude::*;

/// Writes a plot with a line per curve, and a legend if they have names.
pub(crate) fn write(path: &Path, title: &str, curves: &[&Curve]) -> Result<(), Error> {
    let label = curves.first().map_or("", |curve| curve.label);
    if label.is_empty() {
        return Err(format!("{title} has nothing to plot"));
    }
    // The plotter would create the file at the end, and fail silently.
    std::fs::write(path, "").map_err(|error| format!("{}: {error}", path.display()))?;
    draw(path, title, label, curves).map_err(|error| format!("{}: {error}", path.display()))
}

fn draw(
    path: &Path,
    title: &str,
    label: &str,
    curves: &[&Curve],
) -> Result<(), Box<dyn std::error::Error>> {
    let points = || curves.iter().flat_map(|curve| &curve.points);
    let last = points().map(|(x, _)| *x).fold(1e-3, f64::max);
    let highest = points().map(|(_, y)| *y).fold(1e-3, f64::max);
    let area = SVGBackend::new(path, (800, 480)).into_drawing_area();
    area.fill(&WHITE)?;
    let mut chart = ChartBuilder::on(&area)
        .caption(title, ("sans-serif", 20))
        .margin(16)
        .x_label_area_size(40)
        .y_label_area_size(64)
        .build_cartesian_2d(0.0..last, 0.0..highest * 1.05)?;
    chart.configure_mesh().x_desc("seconds").y_desc(label).draw()?;
    for (place, curve) in curves.iter().enumerate() {
        let colour = Palette99::pick(place).stroke_width(2);
        let line = chart.draw_series(LineSeries::new(curve.points.iter().copied(), colour))?;
        if !curve.name.is_empty() {
            let key = move |(x, y)| PathElement::new([(x, y), (x + 16, y)], colour);
            line.label(curve.name).legend(key);
        }
    }
    if curves.iter().any(|curve| !curve.name.is_empty()) {
        let position = SeriesLabelPosition::LowerRight;
        chart.configure_series_labels().position(position).background_style(WHITE).draw()?;
    }
    area.present()?;
    Ok(())
}
