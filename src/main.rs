//! Arguments and exit code.

use std::process::ExitCode;

fn main() -> ExitCode {
    herald::command::main()
}
