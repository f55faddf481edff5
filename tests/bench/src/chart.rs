//! Bar charts as SVG.

use std::fmt::Write as _;

use crate::table::number;

const WIDTH: f64 = 720.0;
const LABEL: f64 = 150.0;
const ROW: f64 = 20.0;

/// A group of bars under a heading, each with its name, its length, and whether it is ours.
#[derive(Debug)]
pub struct Group {
    /// The heading.
    pub heading: String,
    /// The bars, from top to bottom.
    pub bars: Vec<(String, f64, bool)>,
}

/// Draws the groups below each other; each has its own scale.
pub fn draw(title: &str, groups: &[Group]) -> String {
    let rows: usize = groups.iter().map(|group| group.bars.len() + 2).sum();
    let height = 40.0 + ROW * rows as f64;
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{WIDTH}\" height=\"{height}\" \
         font-family=\"sans-serif\" font-size=\"12\">\n\
         <rect width=\"{WIDTH}\" height=\"{height}\" fill=\"#ffffff\"/>\n\
         <text x=\"10\" y=\"24\" font-size=\"15\" fill=\"#222222\">{title}</text>\n"
    );
    let mut y = 40.0;
    for group in groups {
        y += ROW;
        // Writing into a string does not fail.
        let _ = writeln!(
            svg,
            "<text x=\"10\" y=\"{}\" font-weight=\"bold\" fill=\"#222222\">{}</text>",
            y - 6.0,
            group.heading
        );
        let longest = group.bars.iter().map(|(_, value, _)| *value).fold(1.0, f64::max);
        for (name, value, ours) in &group.bars {
            let length = (WIDTH - LABEL - 90.0) * value / longest;
            let color = if *ours { "#0b6e4f" } else { "#9aa5b1" };
            let _ = writeln!(
                svg,
                "<text x=\"{}\" y=\"{}\" text-anchor=\"end\" fill=\"#222222\">{name}</text>\
                 <rect x=\"{LABEL}\" y=\"{}\" width=\"{length:.1}\" height=\"{}\" fill=\"{color}\"/>\
                 <text x=\"{:.1}\" y=\"{}\" fill=\"#222222\">{}</text>",
                LABEL - 8.0,
                y + 13.0,
                y + 2.0,
                ROW - 5.0,
                LABEL + length + 6.0,
                y + 13.0,
                number(*value),
            );
            y += ROW;
        }
        y += ROW;
    }
    svg + "</svg>\n"
}
