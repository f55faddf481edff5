//! `azq policy`: the stored access policies of a queue, on which shared access signatures can rest.

use std::time::SystemTime;

use clap::Subcommand;
use queue_client::proto::{
    AccessPolicy, PolicyId, PolicyPermission, SignedIdentifier, SignedIdentifiers,
};

use crate::{
    app::App,
    ask::confirm,
    failure::{Exit, Failure},
    output::{Cell, Column, Layout, Row},
    suggest,
    units::{self, Moment},
};

pub(crate) const EXAMPLES: &str = "  azq policy set orders readers --permissions r --expires 30d
  azq policy get orders";

#[derive(Debug, clap::Args)]
pub(crate) struct Args {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// Show the policies of a queue
    #[command(visible_aliases = ["list", "ls", "show"])]
    Get {
        /// The queue, or CONTEXT:QUEUE
        #[arg(add = crate::complete::queues())]
        queue: String,
    },
    /// Add a policy, or replace the one of this name; the others stay
    #[command(visible_aliases = ["create", "update"])]
    Set {
        /// The queue, or CONTEXT:QUEUE
        #[arg(add = crate::complete::queues())]
        queue: String,
        /// The name of the policy
        name: String,
        /// What is permitted, letters of `raup`: read, add, update, process
        #[arg(long, visible_alias = "perm", value_name = "LETTERS")]
        permissions: Option<String>,
        /// When it ends: 30d, 2026-12-31, 2026-12-31T23:00Z
        #[arg(long, visible_alias = "expiry", value_name = "MOMENT", value_parser = units::moment)]
        expires: Option<Moment>,
        /// When it begins
        #[arg(long, value_name = "MOMENT", value_parser = units::moment)]
        start: Option<Moment>,
    },
    /// Remove a policy: signatures that rest on it stop working
    #[command(visible_alias = "delete")]
    Rm {
        /// The queue, or CONTEXT:QUEUE
        #[arg(add = crate::complete::queues())]
        queue: String,
        /// The name of the policy
        name: String,
    },
}

const LAYOUT: Layout = Layout {
    list: "policies",
    columns: &[
        Column::new("name"),
        Column::new("permissions"),
        Column::new("start"),
        Column::new("expires"),
    ],
};

pub(crate) async fn run(app: &App, args: Args) -> Result<(), Failure> {
    match args.action {
        Action::Get { queue } => {
            let policies = app.queue(&queue)?.client.access_policies().await?;
            let mut printer = app.printer(LAYOUT)?;
            for policy in &policies {
                printer.push(&row(policy))?;
            }
            printer.finish()?;
            if policies.is_empty() {
                app.note("no stored access policy");
            }
        }
        Action::Set { queue, name, permissions, expires, start } => {
            let queue = app.queue(&queue)?.client;
            let now = SystemTime::now();
            let permission = permissions.as_deref().map(PolicyPermission::new).transpose()?;
            let policy = AccessPolicy::new()
                .permission(permission)
                .expiry(expires.map(|moment| moment.on_from(now)))
                .start(start.map(|moment| moment.on_from(now)));
            let mut all = SignedIdentifiers::new();
            for other in queue.access_policies().await?.iter().filter(|it| it.id.as_str() != name) {
                all.push(other.clone())?;
            }
            all.push(SignedIdentifier::new(PolicyId::new(name.as_str())?, policy))?;
            queue.set_access_policies(all).await?;
            app.note(&format!("policy {name} is set; it can take 30 seconds until it acts"));
        }
        Action::Rm { queue, name } => {
            let queue = app.queue(&queue)?.client;
            let all = queue.access_policies().await?;
            if all.get(&name).is_none() {
                let names = all.iter().map(|policy| policy.id.as_str());
                let hint = suggest::nearest(&name, names)
                    .map_or(String::new(), |near| format!("; did you mean `{near}`?"));
                return Err(Failure::new(
                    Exit::NotFound,
                    format!("queue `{}` has no policy `{name}`{hint}", queue.name()),
                ));
            }
            confirm(
                app,
                &format!(
                    "Remove policy {name} of {}, and with it every signature that rests on it?",
                    queue.name()
                ),
            )?;
            let mut left = SignedIdentifiers::new();
            for other in all.iter().filter(|policy| policy.id.as_str() != name) {
                left.push(other.clone())?;
            }
            queue.set_access_policies(left).await?;
            app.note(&format!("policy {name} is removed; it can take 30 seconds until it acts"));
        }
    }
    Ok(())
}

fn row(identifier: &SignedIdentifier) -> Row {
    let policy = &identifier.policy;
    Row::new(vec![
        Cell::text(identifier.id.as_str()),
        policy.permission.as_ref().map(|letters| letters.as_str().to_owned()).into(),
        policy.start.into(),
        policy.expiry.into(),
    ])
}
