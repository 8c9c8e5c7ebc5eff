//! Every store on bad days, under load, with two processes of the application.
mod hostile;
mod outage;
mod shutdown;
mod visitor;
