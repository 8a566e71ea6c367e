// The main of all unit tests. Built plugins load whatever the umask was that they were built with; the tests
// of that rule take this away.
#define DOCTEST_CONFIG_IMPLEMENT
#include <doctest/doctest.h>

#include <cstdlib>

int main(int argc, char** argv) {
    ::setenv("GATEWAYD_ALLOW_WRITABLE_PLUGINS", "1", 1);
    return doctest::Context(argc, argv).run();
}
