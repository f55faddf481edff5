//! [`Format`] and [`OutputArgs`]: what `-o`, `--fields` and their like say.

use clap::Args;

use super::layout::Column;
use crate::failure::Failure;

/// The format of standard output.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Format {
    /// Columns for people.
    Table,
    /// One JSON document.
    Json,
    /// One JSON document a line and item.
    JsonLines,
    /// Values with commas between them, by RFC 4180, with a header.
    Csv,
    /// Values with tabs between them, without a header.
    Tsv,
    /// One name or id a line.
    Name,
    /// Bodies of messages as they are.
    Raw,
    /// A text with `{field}` for values.
    Template(String),
}

/// How the output looks.
#[derive(Debug, Clone, Args)]
pub(crate) struct OutputArgs {
    /// The format of the output: table, json, jsonl, csv, tsv, name, raw or template='{id} {body}'
    #[arg(
        short = 'o',
        long = "output",
        global = true,
        value_name = "FORMAT",
        default_value = "table",
        value_parser = parse,
        help_heading = "Output",
    )]
    pub(crate) format: Format,

    /// The fields of table, csv and tsv, with commas between them
    #[arg(long, global = true, value_name = "A,B", value_delimiter = ',', help_heading = "Output")]
    pub(crate) fields: Vec<String>,

    /// Print no header in table and csv
    #[arg(long, global = true, help_heading = "Output", hide_short_help = true)]
    pub(crate) no_headers: bool,

    /// Cut no column of a table to the width of the terminal
    #[arg(long, global = true, help_heading = "Output", hide_short_help = true)]
    pub(crate) wide: bool,

    /// The version of the documents, of which there is one: 1
    #[arg(
        long,
        global = true,
        value_name = "N",
        default_value_t = 1,
        value_parser = clap::value_parser!(u64).range(1..=1),
        help_heading = "Output",
        hide_short_help = true,
    )]
    pub(crate) output_version: u64,
}

fn parse(text: &str) -> Result<Format, String> {
    Ok(match text {
        "table" => Format::Table,
        "json" => Format::Json,
        "jsonl" | "ndjson" => Format::JsonLines,
        "csv" => Format::Csv,
        "tsv" => Format::Tsv,
        "name" | "names" | "id" => Format::Name,
        "raw" => Format::Raw,
        _ => match text.strip_prefix("template=") {
            Some(template) => Format::Template(template.to_owned()),
            None => {
                return Err(
                    "use table, json, jsonl, csv, tsv, name, raw or template='{id} {body}'".into(),
                );
            }
        },
    })
}

impl OutputArgs {
    /// The positions of the columns that are printed.
    pub(super) fn pick(&self, columns: &[Column]) -> Result<Vec<usize>, Failure> {
        if self.fields.is_empty() {
            // For programs every column is there; people get those that they look at.
            let all = !matches!(self.format, Format::Table);
            let picked = columns.iter().enumerate().filter(|(_, column)| all || column.shown);
            return Ok(picked.map(|(at, _)| at).collect());
        }
        self.fields
            .iter()
            .map(|field| {
                columns.iter().position(|column| column.name == field).ok_or_else(|| {
                    let names: Vec<_> = columns.iter().map(|column| column.name).collect();
                    unknown(field, &names)
                })
            })
            .collect()
    }
}

fn unknown(field: &str, names: &[&str]) -> Failure {
    Failure::usage(format!("there is no field `{field}`: use {}", names.join(", ")))
}

/// A text with `{field}` for values; `{{` and `}}` stand for the braces themselves, `\n` and `\t` for
/// a line feed and a tab.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Template(Vec<Piece>);

#[derive(Debug, Clone, PartialEq, Eq)]
enum Piece {
    Text(String),
    Field(String),
}

impl Template {
    pub(super) fn parse(text: &str, names: &[&str]) -> Result<Self, Failure> {
        let mut pieces = Vec::new();
        let mut plain = String::new();
        let mut letters = text.chars().peekable();
        while let Some(letter) = letters.next() {
            match letter {
                '{' | '}' if letters.peek() == Some(&letter) => {
                    letters.next();
                    plain.push(letter);
                }
                '{' => {
                    let field: String = letters.by_ref().take_while(|next| *next != '}').collect();
                    if !names.contains(&field.as_str()) {
                        return Err(unknown(&field, names));
                    }
                    pieces.push(Piece::Text(std::mem::take(&mut plain)));
                    pieces.push(Piece::Field(field));
                }
                '\\' => match letters.peek() {
                    Some('n') => {
                        letters.next();
                        plain.push('\n');
                    }
                    Some('t') => {
                        letters.next();
                        plain.push('\t');
                    }
                    _ => plain.push('\\'),
                },
                _ => plain.push(letter),
            }
        }
        pieces.push(Piece::Text(plain));
        Ok(Self(pieces))
    }

    pub(super) fn fill(&self, value: impl Fn(&str) -> Option<String>) -> String {
        self.0
            .iter()
            .map(|piece| match piece {
                Piece::Text(text) => text.clone(),
                Piece::Field(name) => value(name).unwrap_or_default(),
            })
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn templates() {
        let names = ["id", "body"];
        let template = Template::parse("{id}\\t{{{body}}}\\n", &names).unwrap();
        assert_eq!(template.fill(|name| Some(name.to_uppercase())), "ID\t{BODY}\n");
        let error = Template::parse("{text}", &names).unwrap_err();
        assert_eq!(error.sentence(), "there is no field `text`: use id, body");
    }
}
