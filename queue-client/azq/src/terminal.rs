//! [`Terminal`]: what is known of the three standard streams, decided once: whether each is a
//! terminal, whether colours are wanted, and how wide lines may be.

use std::io::{self, IsTerminal as _};

use anstream::{AutoStream, ColorChoice};
use clap::ValueEnum;
use owo_colors::{OwoColorize as _, Style};

/// When to use colours.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum Color {
    /// Colours on a terminal, by the rules of NO_COLOR and CLICOLOR_FORCE.
    #[default]
    Auto,
    /// Colours wherever the output goes.
    Always,
    /// No colours at all.
    Never,
}

/// What is known of the standard streams.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Terminal {
    /// Standard input is a terminal.
    pub(crate) input: bool,
    /// Standard output is a terminal.
    pub(crate) output: bool,
    /// Standard error is a terminal.
    pub(crate) error: bool,
    /// The terminal can move its cursor: progress can be drawn.
    pub(crate) moves: bool,
    color_output: bool,
    color_error: bool,
}

impl Terminal {
    pub(crate) fn detect(color: Color) -> Self {
        match color {
            Color::Auto => ColorChoice::Auto,
            Color::Always => ColorChoice::Always,
            Color::Never => ColorChoice::Never,
        }
        .write_global();
        let colorful = |choice| choice != ColorChoice::Never;
        Self {
            input: io::stdin().is_terminal(),
            output: io::stdout().is_terminal(),
            error: io::stderr().is_terminal(),
            moves: std::env::var_os("TERM").is_none_or(|term| term != "dumb"),
            color_output: colorful(AutoStream::choice(&io::stdout())),
            color_error: colorful(AutoStream::choice(&io::stderr())),
        }
    }

    /// The columns of standard output, if it is a terminal.
    pub(crate) fn columns(self) -> Option<usize> {
        if !self.output {
            return None;
        }
        let (columns, _) = ratatui::crossterm::terminal::size().ok()?;
        Some(usize::from(columns)).filter(|columns| *columns > 0)
    }

    /// A text of standard output in a style.
    pub(crate) fn paint(self, text: &str, style: Style) -> String {
        if self.color_output { text.style(style).to_string() } else { text.to_owned() }
    }

    /// A text of standard error in a style.
    pub(crate) fn paint_error(self, text: &str, style: Style) -> String {
        if self.color_error { text.style(style).to_string() } else { text.to_owned() }
    }
}
