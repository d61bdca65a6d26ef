//! A bot without a network: it reads the lines of a chat from a file, and answers on standard output.
//!
//! What it is about is `database.rs`: the database is brought up to date when the bot opens it.

mod bot;
mod database;
mod lines;
mod store;

use std::error::Error;
use std::path::PathBuf;
use std::process::ExitCode;

use diesel::connection::SimpleConnection;
use manage::embed;

use crate::database::{connect, current, migrations, open};

const USAGE: &str = "usage: settings-bot [--database FILE] [--migrations FOLDER] COMMAND

  chat FILE          reads the lines of a chat and answers
  status             which version the database has
  migrate VERSION    up to a version, not to the latest
  rollback [STEPS]   takes the last migrations back
  restore FILE       runs the statements of a dump, as an old database

--database is bot.db unless said. --migrations takes them from the folder of a project, not from the program.";

/// What was typed.
struct Arguments {
    database: String,
    migrations: Option<PathBuf>,
    words: Vec<String>,
}

fn main() -> ExitCode {
    let error = match arguments().map(|arguments| run(&arguments)) {
        Ok(Ok(())) => return ExitCode::SUCCESS,
        Ok(Err(error)) => error,
        Err(wrong) => {
            eprintln!("{wrong}\n\n{USAGE}");
            return ExitCode::from(2);
        }
    };
    // One line is not enough to correct a migration: the report has the place in the file and what is left to do.
    match error.downcast_ref::<embed::Error>() {
        Some(error) => eprintln!("error: {}", error.report()),
        None => eprintln!("error: {error}"),
    }
    ExitCode::FAILURE
}

fn arguments() -> Result<Arguments, String> {
    let mut arguments = Arguments { database: "bot.db".to_owned(), migrations: None, words: Vec::new() };
    let mut typed = std::env::args().skip(1);
    while let Some(word) = typed.next() {
        let mut value = || typed.next().ok_or(format!("{word} needs a value"));
        match word.as_str() {
            "--database" => arguments.database = value()?,
            "--migrations" => arguments.migrations = Some(value()?.into()),
            flag if flag.starts_with('-') => return Err(format!("{flag} is not known")),
            _ => arguments.words.push(word),
        }
    }
    let words: Vec<&str> = arguments.words.iter().map(String::as_str).collect();
    match words[..] {
        ["chat" | "restore" | "migrate", _] | ["status" | "rollback"] => Ok(arguments),
        ["rollback", steps] if steps.parse::<usize>().is_ok_and(|steps| steps > 0) => Ok(arguments),
        ["rollback", steps] => Err(format!("{steps} is no number of steps")),
        _ => Err("which command?".to_owned()),
    }
}

fn run(arguments: &Arguments) -> Result<(), Box<dyn Error>> {
    let migrations = migrations(arguments.migrations.as_deref())?;
    let words: Vec<&str> = arguments.words.iter().map(String::as_str).collect();
    match words[..] {
        ["chat", file] => {
            let mut connection = open(&arguments.database, &migrations)?;
            for line in lines::read(file)? {
                if let Some(answer) = bot::hear(&mut connection, &line)? {
                    println!("{}> {answer}", line.chat);
                }
            }
        }
        ["status"] => print!("{}", current(&arguments.database, &migrations)?),
        ["migrate", version] => drop(open(&arguments.database, &migrations.to(version))?),
        ["rollback", ..] => {
            let steps = words.get(1).map_or(Ok(1), |steps| steps.parse())?;
            let done = migrations.rollback(&mut connect(&arguments.database)?, steps)?;
            if done.finished.is_empty() {
                println!("{}: nothing to take back", arguments.database);
            }
        }
        ["restore", file] => connect(&arguments.database)?.batch_execute(&std::fs::read_to_string(file)?)?,
        _ => unreachable!("the words were looked at"),
    }
    Ok(())
}
