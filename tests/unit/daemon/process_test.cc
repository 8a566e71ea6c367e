#include "gatewayd/process.h"

#include <doctest/doctest.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstddef>
#include <cstdlib>
#include <cstring>
#include <string>

using namespace gatewayd;

TEST_CASE("the process's numbers are those of a process that runs") {
    const ProcessNumbers numbers = read_process_numbers();
    CHECK(numbers.resident_bytes > 100'000);
    CHECK(numbers.virtual_bytes >= numbers.resident_bytes);
    CHECK(numbers.open_files >= 1);
    CHECK(numbers.open_files <= numbers.max_open_files);
    CHECK(numbers.start_time_seconds > 1.5e9);
}

TEST_CASE("open files are counted as they are opened and closed") {
    const uint64_t before = read_process_numbers().open_files;
    const int fd = ::dup(STDERR_FILENO);
    REQUIRE(fd >= 0);
    CHECK(read_process_numbers().open_files == before + 1);
    ::close(fd);
    CHECK(read_process_numbers().open_files == before);
}

TEST_CASE("systemd is told by the socket that it names") {
    const int fd = ::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    REQUIRE(fd >= 0);
    const std::string name = "gatewayd-test-" + std::to_string(::getpid());
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::memcpy(address.sun_path + 1, name.data(), name.size());
    const auto size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + 1 + name.size());
    REQUIRE(::bind(fd, reinterpret_cast<const sockaddr*>(&address), size) == 0);

    ::setenv("NOTIFY_SOCKET", ("@" + name).c_str(), 1);
    notify_systemd("READY=1");
    ::unsetenv("NOTIFY_SOCKET");
    notify_systemd("STOPPING=1");

    char received[64];
    CHECK(std::string(received, static_cast<size_t>(::recv(fd, received, sizeof(received), MSG_DONTWAIT))) ==
          "READY=1");
    CHECK(::recv(fd, received, sizeof(received), MSG_DONTWAIT) == -1);
    ::close(fd);
}
