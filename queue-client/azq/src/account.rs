//! The account and its credential: [`AccountArgs`] are the options, [`choose`] decides by the order
//! explicit option, context, environment, and says what it took and what it passed over.

mod args;
mod chosen;
pub(crate) mod context;
mod credential;
mod environment;

use queue_client::Account;

pub(crate) use self::{
    args::AccountArgs,
    chosen::{Chosen, Kind},
};
use self::{
    context::{Context, Contexts},
    credential::{from_connection_string, from_parts},
    environment::{CONNECTION_STRING, Environment, KEY, SAS_TOKEN},
};
use crate::failure::Failure;

/// Chooses the account by the order: explicit option, context, connection string of the environment,
/// account of the environment with signature, key or Microsoft Entra ID.
///
/// # Errors
///
/// A usage failure that names the option or variable, never its value.
pub(crate) fn choose(args: &AccountArgs, contexts: &Contexts) -> Result<Chosen, Failure> {
    choose_from(args, contexts, &Environment::of_the_process())
}

/// What the variables of the environment say against each other, a sentence for each.
pub(crate) fn contradictions() -> Vec<String> {
    environment::contradictions(&Environment::of_the_process())
}

/// Chooses the account of a context by its name, whatever else is set.
pub(crate) fn choose_context(name: &str, contexts: &Contexts) -> Result<Chosen, Failure> {
    let context = contexts.get(name)?;
    of_context(name, context, &AccountArgs::default(), &Environment::of_the_process())
}

fn choose_from(
    args: &AccountArgs,
    contexts: &Contexts,
    environment: &Environment<'_>,
) -> Result<Chosen, Failure> {
    args.refuse_secrets()?;
    if args.names_a_connection_string() {
        return explicit_connection_string(args, environment);
    }
    let named = args.context.clone().or_else(|| environment.get("AZQ_CONTEXT"));
    let current = || contexts.current.clone().filter(|_| !args.names_something());
    if let Some(name) = named.or_else(current) {
        return of_context(&name, contexts.get(&name)?, args, environment);
    }
    if !args.names_something()
        && let Some(text) = environment.get(CONNECTION_STRING)
    {
        let mut chosen = from_connection_string(&text, CONNECTION_STRING)?;
        for name in [environment::ACCOUNT, SAS_TOKEN, KEY] {
            if environment.get(name).is_some() {
                chosen.passed_over.push(format!("{name}: {CONNECTION_STRING} comes first"));
            }
        }
        if args.auth_mode.is_some() {
            return Ok(from_parts(&args_of(&chosen.account, args), environment)?.over(chosen));
        }
        return Ok(chosen);
    }
    if let Some(text) = environment.get(CONNECTION_STRING) {
        let chosen = from_connection_string(&text, CONNECTION_STRING)?;
        let same =
            args.account_name.as_deref() == Some(chosen.account.endpoint().account().as_str());
        let is_all = args.queue_endpoint.is_none()
            && args.sas_env.is_none()
            && args.key_env.is_none()
            && args.auth_mode.is_none();
        if same && is_all {
            return Ok(chosen);
        }
        let mut other = from_parts(args, environment)?;
        other.passed_over.push(format!("{CONNECTION_STRING}: an option names the account"));
        return Ok(other);
    }
    from_parts(args, environment)
}

/// The options for the account of a connection string, whose credential another option sets.
fn args_of(account: &Account, args: &AccountArgs) -> AccountArgs {
    AccountArgs {
        account_name: Some(account.endpoint().account().to_string()),
        queue_endpoint: Some(account.endpoint().to_string()),
        ..args.clone()
    }
}

fn explicit_connection_string(
    args: &AccountArgs,
    environment: &Environment<'_>,
) -> Result<Chosen, Failure> {
    let (text, place) = if let Some(text) = &args.connection_string {
        (text.clone(), String::from("--connection-string"))
    } else if let Some(name) = &args.connection_string_env {
        (environment.need(name)?, name.clone())
    } else {
        let path = args.connection_string_file.clone().unwrap_or_default();
        let text = std::fs::read_to_string(&path).map_err(|error| {
            Failure::usage(format!("{} cannot be read: {error}", path.display()))
        })?;
        (text.trim().to_owned(), path.display().to_string())
    };
    let chosen = from_connection_string(&text, &place)?;
    let account = chosen.account.endpoint().account().as_str();
    if let Some(other) = args.account_name.as_deref().filter(|other| *other != account) {
        return Err(Failure::usage(format!(
            "{place} is for account {account}, and --account-name says {other}: leave one of them out"
        )));
    }
    if args.sas_env.is_some() || args.key_env.is_some() || args.auth_mode.is_some() {
        return Ok(from_parts(&args_of(&chosen.account, args), environment)?.over(chosen));
    }
    Ok(chosen)
}

fn of_context(
    name: &str,
    context: &Context,
    args: &AccountArgs,
    environment: &Environment<'_>,
) -> Result<Chosen, Failure> {
    let mut chosen = if let Some(variable) = &context.connection_string_env {
        from_connection_string(&environment.need(variable)?, variable)?
    } else if let Some(text) = &context.connection_string {
        from_connection_string(text, &format!("context {name}"))?
    } else {
        let own_credential = args.sas_env.is_some() || args.key_env.is_some();
        let args = AccountArgs {
            account_name: args.account_name.clone().or_else(|| context.account_name.clone()),
            queue_endpoint: args.queue_endpoint.clone().or_else(|| context.queue_endpoint.clone()),
            sas_env: args
                .sas_env
                .clone()
                .or_else(|| context.sas_env.clone().filter(|_| !own_credential)),
            key_env: args
                .key_env
                .clone()
                .or_else(|| context.key_env.clone().filter(|_| !own_credential)),
            auth_mode: args.auth_mode.or_else(|| context.auth_mode.filter(|_| !own_credential)),
            ..AccountArgs::default()
        };
        from_parts(&args, environment)?
    };
    chosen.credential = format!("{} (context {name})", chosen.credential);
    chosen.protected = context.protected;
    if environment.get(CONNECTION_STRING).is_some() {
        chosen.passed_over.push(format!("{CONNECTION_STRING}: context {name} comes first"));
    }
    Ok(chosen)
}

#[cfg(test)]
mod tests;
