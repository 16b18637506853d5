//! What Herald promises, one file a promise; in one binary, for linking once is quicker than many times.

mod again;
mod articles;
mod broken;
mod browser;
mod cli;
mod daemon;
mod editions;
mod feeds;
mod held;
mod hold;
mod hours;
mod house;
mod killed;
mod lanes;
mod leaving;
mod lists;
mod mails;
mod pages;
mod relays;
mod returns;
mod road;
mod sending;
mod session;
mod signed;
mod sources;
mod world;
