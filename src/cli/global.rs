//! The options that every command takes.

use std::path::PathBuf;

use super::output::screen::ColorChoice;

/// Options of every command.
#[derive(Debug, Clone, clap::Args)]
pub struct Global {
    /// The project's folder [default: the nearest one upward with manage.toml, diesel.toml or migrations/]
    #[arg(long, global = true, value_name = "DIR", help_heading = "Everywhere")]
    pub project: Option<PathBuf>,

    /// The database: sqlite:PATH, postgres://…, or env:NAME for the URL in a variable [default: DATABASE_URL,
    /// then the url in manage.toml, then manage.db]
    #[arg(long, global = true, value_name = "URL", help_heading = "Everywhere")]
    pub database: Option<String>,

    /// The environment of manage.toml whose database is meant
    #[arg(long, global = true, value_name = "NAME", help_heading = "Everywhere")]
    pub env: Option<String>,

    /// Print facts as one JSON object instead of text
    #[arg(long, global = true, help_heading = "Everywhere")]
    pub json: bool,

    /// Write the results to a file instead of standard output
    #[arg(long, global = true, value_name = "FILE", help_heading = "Everywhere")]
    pub output: Option<PathBuf>,

    /// Only results
    #[arg(short, long, global = true, help_heading = "Everywhere")]
    pub quiet: bool,

    /// More about what happens
    #[arg(short, long, global = true, help_heading = "Everywhere", conflicts_with = "quiet")]
    pub verbose: bool,

    /// Append a log with time stamps to a file; MANAGE_LOG sets level and form: info, debug, trace, info,json
    #[arg(long, global = true, value_name = "FILE", help_heading = "Everywhere")]
    pub log: Option<PathBuf>,

    /// When to colour
    #[arg(
        long,
        global = true,
        value_name = "WHEN",
        default_value = "auto",
        help_heading = "Everywhere",
        hide_possible_values = true
    )]
    pub color: ColorChoice,

    /// Answer yes where a yes is enough; it never replaces a typed name
    #[arg(long, global = true, help_heading = "Everywhere")]
    pub yes: bool,
}
