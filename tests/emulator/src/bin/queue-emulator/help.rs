//! The text of `--help`.

/// What `--help` prints.
pub(crate) const HELP: &str = "\
Azure Queue Storage on this machine, for development and tests.

Usage: queue-emulator [OPTIONS]
       queue-emulator [OPTIONS] --exec COMMAND [ARGUMENT]...
       queue-emulator token [TOKEN OPTIONS]

The program listens until ctrl-c, SIGTERM or SIGHUP. It keeps all queues in memory, or on disk with
--location. Standard error tells you the connection string; standard output gets one line of JSON as
soon as clients can connect.

Examples:
  queue-emulator
  queue-emulator --location ./queues --port 10101
  queue-emulator --port 0 --exec python3 my_tests.py
  queue-emulator token --role sender

Listening:
  --port N              Port to listen on; 0 picks a free one. Default: 10001.
  --host ADDRESS        Address or name to listen on; `localhost` stands for 127.0.0.1 and ::1. Any
                        other than a loopback address lets other machines in, over unencrypted HTTP
                        unless --https is given. Default: 127.0.0.1.
  --threads N           Threads that answer; one costs the least. A store on disk has one more.
                        Default: 1.

HTTPS:
  --https               Listen for HTTPS with a certificate that is made at the start. Clients must
                        trust the one in the file that the program names, which is removed when it
                        ends. The file lies in the folder of --location, or for temporary files.
  --certificate-file FILE
                        With --https, the file to write that certificate to
  --cert FILE           Listen for HTTPS with this certificate (PEM, with its chain); needs --key
  --key FILE            The private key of the certificate (PEM, without a password)

Accounts:
  Without any of these, the account is devstoreaccount1 with the key that everybody knows. With one of
  them, that account is there only if it is named too: the name alone stands for the known key.
  --account-file FILE   Serve the accounts in this file: NAME:KEY on each line, with KEY in base64;
                        several keys of one account are separated by colons, and # begins a comment
  --account NAME:KEY    Serve this account. May be repeated. Other users of the machine can read the
                        key in the list of processes: prefer --account-file or AZURITE_ACCOUNTS
  AZURITE_ACCOUNTS      This environment variable has NAME:KEY;NAME:KEY. It counts if neither option
                        is given
  Connection strings are printed for the account that is given first.

Bearer tokens:
  --role USER=ROLE,...  What the user with this object id may do: owner, contributor, reader,
                        processor, sender or delegator. USER * stands for all that are not named.
                        May be repeated. Default: *=owner.
  --bearer-over-http    Take bearer tokens over plain HTTP too, from this machine
  --forbid-shared-key   Refuse account keys, and signatures that were made with one (403
                        KeyBasedAuthenticationNotPermitted)
  --token-secret-file FILE
                        Take only tokens of `queue-emulator token` with the secret in this file.
                        Without a secret any token is taken whose claims are right, whoever signed it
  --token-secret TEXT   The secret itself, which other users of the machine can read in the list of
                        processes: prefer --token-secret-file or QUEUE_EMULATOR_TOKEN_SECRET
  QUEUE_EMULATOR_TOKEN_SECRET
                        This environment variable has the secret. It counts if neither option is given

Queues:
  --location DIR        Keep the queues in this folder, which is made if there is none. Nothing is
                        answered before it is on disk.
  --durability LEVEL    With --location, when a change is answered: `disk`, when it is on disk, or
                        `os`, when the operating system has it: faster, and safe if this program
                        is killed, but not if the machine stops. Default: disk.
  --recover             With --location, look through the whole store first and, if it is damaged,
                        go on with what can be read of it. Damaged files are kept in a folder
                        beside. Without it such a store is refused.
  --deletion-time SEC   How long the name of a deleted queue cannot be used again. Default: 30, as in
                        the service.
  --replication-lag SEC How far the secondary is behind the primary. Default: 0.

Tests:
  --faults FILE         Make faults by the script in FILE: a line like `close-after
                        operation=PutMessage probability=0.1`. The README lists the words.
  --seed N              Draw ids, receipts and faults from this number on: the same in every run
  --exec COMMAND...     Run COMMAND with the connection string in the environment variable
                        AZURE_STORAGE_CONNECTION_STRING, then stop and exit as it did: with 127 if
                        there is no such command, and 126 if it cannot be run. Takes the rest of the
                        command line. Standard output is then COMMAND's alone.

Other:
  -h, --help            Print this help
  -V, --version         Print the version

Token options, for `queue-emulator token`, which prints a bearer token and ends:
  --object-id ID        The user. Default: a certain one.
  --tenant ID           The user's tenant. Default: a certain one.
  --audience URL        For which service. Default: https://storage.azure.com.
  --role ROLE           Limits the user to this role; may be repeated. Default: what --role of the
                        emulator says.
  --life SEC            How long it is valid. Default: 3600.
  --token-secret-file FILE, --token-secret TEXT, QUEUE_EMULATOR_TOKEN_SECRET
                        The secret that signs it, as above
";
