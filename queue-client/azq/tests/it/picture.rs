//! [`svg`]: the screen of a terminal as a picture.

use std::fmt::Write as _;

use vt100::{Cell, Color, Screen};

const WIDE: f32 = 8.4;
const HIGH: f32 = 18.0;
const MARGIN: f32 = 12.0;
const BACK: &str = "#1e1e2e";
const FRONT: &str = "#e4e4ef";

/// The picture of a screen. Each run of cells that look alike is one text.
pub(crate) fn svg(screen: &Screen) -> String {
    let (rows, columns) = screen.size();
    let (width, height) =
        (f32::from(columns) * WIDE + 2.0 * MARGIN, f32::from(rows) * HIGH + 2.0 * MARGIN);
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width:.0}\" height=\"{height:.0}\" \
         viewBox=\"0 0 {width:.0} {height:.0}\" font-family=\"ui-monospace, Menlo, Consolas, monospace\" \
         font-size=\"14\">\n<rect width=\"100%\" height=\"100%\" rx=\"8\" fill=\"{BACK}\"/>\n"
    );
    for row in 0..rows {
        let mut column = 0;
        while column < columns {
            let Some(first) = screen.cell(row, column) else { break };
            let start = column;
            let mut text = String::new();
            while let Some(cell) = screen.cell(row, column).filter(|cell| alike(first, cell)) {
                let shown = cell.contents();
                text.push_str(if shown.is_empty() { " " } else { shown });
                column += 1;
            }
            run(&mut svg, first, &text, row, start);
        }
    }
    svg.push_str("</svg>\n");
    svg
}

fn alike(one: &Cell, other: &Cell) -> bool {
    one.fgcolor() == other.fgcolor()
        && one.bold() == other.bold()
        && one.dim() == other.dim()
        && one.inverse() == other.inverse()
}

fn run(svg: &mut String, look: &Cell, text: &str, row: u16, column: u16) {
    if text.trim().is_empty() && !look.inverse() {
        return;
    }
    let (x, y) = (f32::from(column) * WIDE + MARGIN, f32::from(row) * HIGH + MARGIN);
    let wide = text.chars().fold(0.0, |wide, _| wide + WIDE);
    let front = if look.inverse() {
        let _ = writeln!(
            svg,
            "<rect x=\"{x:.1}\" y=\"{y:.1}\" width=\"{wide:.1}\" height=\"{HIGH}\" fill=\"{FRONT}\"/>"
        );
        BACK
    } else {
        match look.fgcolor() {
            Color::Idx(1 | 9) => "#ff7b8a",
            Color::Idx(3 | 11) => "#f5d67b",
            _ => FRONT,
        }
    };
    let weight = if look.bold() { " font-weight=\"bold\"" } else { "" };
    let opacity = if look.dim() { " opacity=\"0.6\"" } else { "" };
    let text = text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
    // The length is fixed, since fonts differ and columns must not.
    let _ = writeln!(
        svg,
        "<text x=\"{x:.1}\" y=\"{:.1}\" fill=\"{front}\"{weight}{opacity} textLength=\"{wide:.1}\" \
         xml:space=\"preserve\">{text}</text>",
        y + HIGH * 0.75
    );
}
