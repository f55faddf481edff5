//! [`ReceiptArgs`]: the message and the receipt that `azq receive` printed.

use std::io::{self, BufRead as _};

use queue_client::proto::{MessageId, PopReceipt};

use crate::failure::Failure;

/// One message, as `azq receive` named it.
#[derive(Debug, Clone, clap::Args)]
pub(crate) struct ReceiptArgs {
    /// The id of the message
    #[arg(value_name = "ID")]
    id: String,

    /// The receipt that `azq receive` printed
    #[arg(
        long,
        visible_alias = "receipt",
        value_name = "RECEIPT",
        required_unless_present_any = ["receipt_env", "receipt_stdin"],
        conflicts_with_all = ["receipt_env", "receipt_stdin"]
    )]
    pop_receipt: Option<String>,

    /// The variable that holds the receipt
    #[arg(long, value_name = "VARIABLE", conflicts_with = "receipt_stdin")]
    receipt_env: Option<String>,

    /// Read the receipt from standard input
    #[arg(long)]
    receipt_stdin: bool,
}

impl ReceiptArgs {
    /// The id and receipt, checked.
    pub(crate) fn read(&self) -> Result<(MessageId, PopReceipt), Failure> {
        let receipt = if let Some(receipt) = &self.pop_receipt {
            receipt.clone()
        } else if let Some(name) = &self.receipt_env {
            std::env::var(name)
                .map_err(|_| Failure::usage(format!("the variable {name} is not set")))?
        } else {
            let mut line = String::new();
            io::stdin()
                .lock()
                .read_line(&mut line)
                .map_err(|error| Failure::usage(format!("the receipt cannot be read: {error}")))?;
            line.trim().to_owned()
        };
        Ok((MessageId::new(&self.id)?, PopReceipt::new(receipt)?))
    }
}
