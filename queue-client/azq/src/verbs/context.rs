//! `azq context`: names for accounts. A context says where its secret is and never holds one.

use clap::Subcommand;

use crate::{
    account::context::{Context, Contexts, path},
    app::App,
    ask::confirm,
    failure::Failure,
    output::{Cell, Column, Layout, Row},
};

pub(crate) const EXAMPLES: &str =
    "  azq context add prod --account-name acme --auth-mode login --protected
  azq context ls";

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// Add a context, or replace one, from the account options beside it
    Add {
        /// The name of the context
        name: String,
        /// Destructive verbs ask for the name of the queue
        #[arg(long)]
        protected: bool,
    },
    /// Use a context when no option names an account; without a name, none
    Use {
        /// The name of the context
        name: Option<String>,
    },
    /// List the contexts
    #[command(visible_alias = "list")]
    Ls,
    /// Remove a context
    Rm {
        /// The name of the context
        name: String,
    },
}

const LAYOUT: Layout = Layout {
    list: "contexts",
    columns: &[
        Column::new("name"),
        Column::new("current"),
        Column::new("account"),
        Column::text("endpoint"),
        Column::text("credential"),
        Column::new("protected"),
    ],
};

pub(crate) async fn run(app: &App, args: Args) -> Result<(), Failure> {
    let mut contexts = Contexts::load()?;
    match args.action {
        Action::Add { name, protected } => {
            let context = of_options(app, protected)?;
            check_name(&name)?;
            contexts.named.insert(name.clone(), context);
            let path = contexts.save()?;
            app.note(&format!("context {name} is in {}", path.display()));
        }
        Action::Use { name } => {
            if let Some(name) = &name {
                contexts.get(name)?;
            }
            contexts.current.clone_from(&name);
            contexts.save()?;
            app.note(&match name {
                Some(name) => format!("context {name} is used when no option names an account"),
                None => String::from("no context is used"),
            });
        }
        Action::Ls => {
            let mut printer = app.printer(LAYOUT)?;
            for (name, context) in &contexts.named {
                let current = contexts.current.as_ref() == Some(name);
                printer.push(&row(name, context, current))?;
            }
            printer.finish()?;
            if contexts.named.is_empty() {
                app.note(
                    "no contexts yet: `azq context add NAME --account-name ACCOUNT` makes one",
                );
            }
        }
        Action::Rm { name } => {
            contexts.get(&name)?;
            confirm(app, &format!("Remove context {name}?"))?;
            contexts.named.remove(&name);
            contexts.current = contexts.current.filter(|current| *current != name);
            contexts.save()?;
        }
    }
    app.detail(&format!("contexts: {}", path().unwrap_or_default().display()));
    Ok(())
}

/// A name that stands before a colon in `CONTEXT:QUEUE`.
fn check_name(name: &str) -> Result<(), Failure> {
    let plain = |letter: char| letter.is_ascii_alphanumeric() || "-_.".contains(letter);
    if name.is_empty() || !name.chars().all(plain) {
        return Err(Failure::usage(
            "a context has a name of letters, digits, hyphens, underscores and dots",
        ));
    }
    Ok(())
}

fn of_options(app: &App, protected: bool) -> Result<Context, Failure> {
    let options = &app.account;
    if options.connection_string_file.is_some() {
        return Err(Failure::usage(
            "a context takes --connection-string-env and no file: name the variable",
        ));
    }
    let context = Context {
        account_name: options.account_name.clone(),
        queue_endpoint: options.queue_endpoint.clone(),
        connection_string: options.connection_string.clone(),
        connection_string_env: options.connection_string_env.clone(),
        sas_env: options.sas_env.clone(),
        key_env: options.key_env.clone(),
        auth_mode: options.auth_mode,
        protected,
    };
    if context == (Context { protected, ..Context::default() }) {
        return Err(Failure::usage(
            "the context names no account: add --account-name, --queue-endpoint, --sas-env or \
             --connection-string-env",
        ));
    }
    Ok(context)
}

fn row(name: &str, context: &Context, current: bool) -> Row {
    let place = [&context.connection_string_env, &context.sas_env, &context.key_env]
        .into_iter()
        .flatten()
        .next();
    let credential = match (place, context.auth_mode) {
        (Some(variable), _) => Cell::text(variable),
        (None, Some(mode)) => {
            let value = clap::ValueEnum::to_possible_value(&mode);
            Cell::text(value.as_ref().map_or("", |value| value.get_name()))
        }
        (None, None) => Cell::Missing,
    };
    Row::new(vec![
        Cell::text(name),
        Cell::Flag(current),
        context.account_name.clone().into(),
        context.queue_endpoint.clone().into(),
        credential,
        Cell::Flag(context.protected),
    ])
}
