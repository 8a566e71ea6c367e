// The last words of the process. On SIGSEGV, SIGBUS, SIGILL, SIGFPE or SIGABRT, and when a plugin calls
// exit(), the log says which plugin was running, in which hook, and where; the crash record
// (core/plugins/crash_record.h) gets a line; then the signal has its way, so that there is a core dump.
//
// Everything is done by the thread that crashes, on the stack of its ThreadGuard, with async-signal-safe
// calls only; what cannot be read is left out, and after 10 s the process ends in any case. One in a process.
#ifndef GATEWAYD_CORE_GUARD_CRASH_HANDLER_H
#define GATEWAYD_CORE_GUARD_CRASH_HANDLER_H

namespace gatewayd {

// After log::setup(). [control]
void install_crash_handler();
// The descriptor that lines of crashes are appended to; -1: none. It stays open meanwhile. [any]
void record_crashes_in(int descriptor);
// The process ends of its own accord: exit() is no crash. [any]
void expect_exit();

}  // namespace gatewayd

#endif
