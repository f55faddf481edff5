//! [`Printer`]: the way of every item to standard output, in the format that `-o` names. A verb names
//! its columns once, and pushes rows of [`Cell`]s.

mod cell;
mod format;
mod layout;
mod table;

use std::{
    io::{self, BufWriter, Write},
    time::SystemTime,
};

pub(crate) use self::{
    cell::Cell,
    format::{Format, OutputArgs},
    layout::{Column, Layout, Row},
};
use self::{format::Template, table::Table};
use crate::{
    failure::Failure,
    terminal::Terminal,
    text::{harmless_json, one_line, visible},
};

/// The version of the documents that are printed, as `"v"` in each.
pub(crate) const VERSION: u64 = 1;

/// Prints items one after the other.
pub(crate) struct Printer {
    out: Box<dyn Write + Send>,
    layout: Layout,
    format: Format,
    /// The positions of the columns that line formats print.
    picked: Vec<usize>,
    template: Option<Template>,
    table: Table,
    terminal: Terminal,
    headers: bool,
    printed: u64,
    now: SystemTime,
}

impl Printer {
    /// A printer of a list to standard output.
    ///
    /// # Errors
    ///
    /// A usage failure when `--fields` or the template names a column that the list does not have.
    pub(crate) fn new(
        args: &OutputArgs,
        terminal: Terminal,
        layout: Layout,
    ) -> Result<Self, Failure> {
        let out = Box::new(BufWriter::with_capacity(64 * 1024, io::stdout()));
        Self::to(out, args, terminal, layout)
    }

    fn to(
        out: Box<dyn Write + Send>,
        args: &OutputArgs,
        terminal: Terminal,
        layout: Layout,
    ) -> Result<Self, Failure> {
        let names: Vec<&str> = layout.columns.iter().map(|column| column.name).collect();
        let template = match &args.format {
            Format::Template(text) => Some(Template::parse(text, &names)?),
            _ => None,
        };
        let picked = args.pick(layout.columns)?;
        let width = if args.wide { None } else { terminal.columns() };
        let table = Table::new(picked.iter().filter_map(|at| layout.columns.get(*at)), width);
        Ok(Self {
            out,
            layout,
            format: args.format.clone(),
            picked,
            template,
            table,
            terminal,
            headers: !args.no_headers,
            printed: 0,
            now: SystemTime::now(),
        })
    }

    /// Adds an item. Tables are printed with the next [`flush`](Self::flush), all else at once into
    /// the buffer.
    pub(crate) fn push(&mut self, row: &Row) -> Result<(), Failure> {
        let first = self.printed == 0;
        self.printed += 1;
        match &self.format {
            Format::Table => {
                let cells = self.picked.iter().filter_map(|at| row.cells.get(*at));
                self.table.push(cells.map(|cell| cell.for_people(self.now)).collect());
                return Ok(());
            }
            Format::Json => {
                if first {
                    write!(self.out, "{{\"v\":{VERSION},\"{}\":[", self.layout.list)?;
                } else {
                    self.out.write_all(b",")?;
                }
                let item = self.object(row, false, ",");
                write!(self.out, "\n{{{item}}}")?;
                return Ok(());
            }
            Format::JsonLines => {
                let item = self.object(row, true, ",");
                writeln!(self.out, "{{{item}}}")?;
                return Ok(());
            }
            Format::Raw => {
                let Some(raw) = &row.raw else {
                    return Err(Failure::usage(format!(
                        "-o raw prints the bodies of messages, and there are none in `{}`: use -o jsonl",
                        self.layout.list
                    )));
                };
                if self.terminal.output {
                    // A body could steer the terminal; in a pipe it is what it is.
                    let text = String::from_utf8_lossy(raw);
                    writeln!(self.out, "{}", crate::text::visible_lines(&text))?;
                } else {
                    self.out.write_all(raw)?;
                    self.out.write_all(b"\n")?;
                }
                return Ok(());
            }
            Format::Csv => {
                if first && self.headers {
                    let names = self.names();
                    writeln!(self.out, "{}\r", names.join(","))?;
                }
            }
            Format::Tsv | Format::Name | Format::Template(_) => {}
        }
        let line = self.line(row);
        writeln!(self.out, "{line}")?;
        Ok(())
    }

    /// Prints what has been added, so that whoever reads has it.
    pub(crate) fn flush(&mut self) -> Result<(), Failure> {
        if matches!(self.format, Format::Table) {
            let headers = self.headers;
            let terminal = self.terminal;
            self.table.print(&mut self.out, headers, |text| {
                terminal.paint(text, owo_colors::Style::new().bold())
            })?;
        }
        self.out.flush()?;
        Ok(())
    }

    /// Prints what is left and closes the document.
    pub(crate) fn finish(mut self) -> Result<(), Failure> {
        if matches!(self.format, Format::Json) {
            if self.printed == 0 {
                write!(self.out, "{{\"v\":{VERSION},\"{}\":[", self.layout.list)?;
            }
            self.out.write_all(b"\n]}\n")?;
        }
        self.flush()
    }

    /// Prints one item as a document of its own: in a table a line for each field.
    pub(crate) fn document(mut self, row: &Row) -> Result<(), Failure> {
        match self.format {
            Format::Table => {
                let columns: Vec<_> =
                    self.picked.iter().filter_map(|at| self.layout.columns.get(*at)).collect();
                let wide = columns.iter().map(|column| column.name.len()).max().unwrap_or(0);
                for (column, at) in columns.iter().zip(&self.picked) {
                    let Some(cell) = row.cells.get(*at).filter(|cell| !cell.is_missing()) else {
                        continue;
                    };
                    let name = format!("{:wide$}", column.name);
                    let name = self.terminal.paint(&name, owo_colors::Style::new().bold());
                    writeln!(self.out, "{name}  {}", cell.for_people(self.now))?;
                }
                self.out.flush()?;
                Ok(())
            }
            Format::Json => {
                let item = self.object(row, true, ",\n  ");
                writeln!(self.out, "{{\n  {item}\n}}")?;
                self.out.flush()?;
                Ok(())
            }
            _ => {
                self.push(row)?;
                self.finish()
            }
        }
    }

    fn names(&self) -> Vec<&'static str> {
        let columns = self.picked.iter().filter_map(|at| self.layout.columns.get(*at));
        columns.map(|column| column.name).collect()
    }

    /// The fields of a JSON object in the order of the columns, which a map of `serde_json` would
    /// not keep.
    fn object(&self, row: &Row, versioned: bool, between: &str) -> String {
        let version = versioned.then(|| format!("\"v\":{VERSION}"));
        let fields = self.layout.columns.iter().zip(&row.cells).map(|(column, cell)| {
            format!("\"{}\":{}", column.name, harmless_json(cell.json().to_string()))
        });
        version.into_iter().chain(fields).collect::<Vec<_>>().join(between)
    }

    fn line(&self, row: &Row) -> String {
        let cells: Vec<_> = self.picked.iter().filter_map(|at| row.cells.get(*at)).collect();
        match (&self.format, &self.template) {
            (Format::Csv, _) => {
                let cells: Vec<_> = cells.iter().map(|cell| csv(&cell.plain())).collect();
                format!("{}\r", cells.join(","))
            }
            (Format::Template(_), Some(template)) => template.fill(|name| {
                let at = self.layout.columns.iter().position(|column| column.name == name)?;
                Some(one_line(&row.cells.get(at)?.plain()).into_owned())
            }),
            (Format::Name, _) => row
                .cells
                .first()
                .map(|cell| visible(&cell.plain()).into_owned())
                .unwrap_or_default(),
            _ => {
                let cells: Vec<_> =
                    cells.iter().map(|cell| one_line(&cell.plain()).into_owned()).collect();
                cells.join("\t")
            }
        }
    }
}

/// A field of RFC 4180, in one line.
fn csv(text: &str) -> String {
    let text = one_line(text);
    if text.contains([',', '"']) || text.starts_with(' ') || text.ends_with(' ') {
        format!("\"{}\"", text.replace('"', "\"\""))
    } else {
        text.into_owned()
    }
}

#[cfg(test)]
mod tests;
