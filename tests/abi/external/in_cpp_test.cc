// A test without any framework: in_cpp_test FILE.
#include <cstdio>
#include <gateway/harness.hpp>

int main(int, char** argv) {
    gateway::harness::Plugin plugin(argv[1]);
    plugin.create("field: count");
    plugin.start();
    auto alice = plugin.connect();
    const bool good = alice.message(R"({"type":"text"})").json("count") == "1" &&
                      alice.message(R"({"type":"text"})").json("count") == "2";
    try {
        gateway::harness::Plugin(argv[1]).create("fild: x");
        return 1;
    } catch (const gateway::harness::Error& error) {
        std::printf("%s\n", error.what());
    }
    return good && plugin.problems().empty() ? 0 : 1;
}
