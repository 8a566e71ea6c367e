#include "core/base/log_sink.h"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <spdlog/logger.h>
#include <unistd.h>

#include <array>
#include <memory>
#include <string>
#include <thread>

using gatewayd::log::LogSink;

namespace {

// A pipe whose reading end is read to its end when asked.
struct Pipe {
    Pipe() { REQUIRE(::pipe(fds.data()) == 0); }
    ~Pipe() {
        ::close(fds[0]);
        close_writer();
    }
    void close_writer() {
        if (fds[1] >= 0) ::close(fds[1]);
        fds[1] = -1;
    }
    std::string read_all() {
        std::string all;
        std::array<char, 65536> chunk;
        for (ssize_t size; (size = ::read(fds[0], chunk.data(), chunk.size())) > 0;) {
            all.append(chunk.data(), static_cast<size_t>(size));
        }
        return all;
    }

    std::array<int, 2> fds;
};

std::string lost_line(uint64_t lost) {
    return "lost " + std::to_string(lost);
}

}  // namespace

TEST_CASE("lines before start and after stop are written at once, others by the thread, all in order") {
    Pipe pipe;
    const auto sink = std::make_shared<LogSink>(pipe.fds[1]);
    spdlog::logger logger("test", sink);
    logger.info("before");
    sink->start();
    for (int i = 0; i < 100; ++i)
        logger.info(std::to_string(i));
    sink->stop();
    logger.info("after");
    pipe.close_writer();

    std::string expected = "before\n";
    for (int i = 0; i < 100; ++i)
        expected += std::to_string(i) + "\n";
    CHECK(pipe.read_all() == expected + "after\n");
}

TEST_CASE("when nobody reads, the oldest lines are lost and their number is written") {
    Pipe pipe;
    const auto sink = std::make_shared<LogSink>(pipe.fds[1]);
    sink->tell_lost_by(lost_line);
    spdlog::logger logger("test", sink);
    sink->start();
    // One line fills the pipe, so that the thread waits inside it while more come than the queue holds.
    const std::string filler(1 << 20, 'x');
    logger.info(filler);
    // The thread has taken the filler when the pipe has something to read.
    char first = 0;
    REQUIRE(::read(pipe.fds[0], &first, 1) == 1);
    constexpr size_t more = 1000;
    for (size_t i = 0; i < LogSink::max_queued_lines + more; ++i)
        logger.info("line " + std::to_string(i));

    std::string all;
    std::thread reader([&] { all = pipe.read_all(); });
    sink->stop();
    pipe.close_writer();
    reader.join();
    CHECK(all.find("\nlost 1000\nline 1000\n") != std::string::npos);
    CHECK(all.find("line 999\n") == std::string::npos);
    CHECK(all.find("line 9191\n") != std::string::npos);
}

TEST_CASE("a full disk loses lines, and the first one that can be written says how many") {
    const int fd = ::open("/dev/full", O_WRONLY | O_CLOEXEC);
    REQUIRE(fd >= 0);
    const auto sink = std::make_shared<LogSink>(fd);
    sink->tell_lost_by(lost_line);
    spdlog::logger logger("test", sink);
    for (int round = 0; round < 2; ++round) {  // the second finds that nobody was told of the first
        sink->start();
        for (int i = 0; i < 3; ++i)
            logger.info("line");
        sink->stop();
    }

    Pipe pipe;
    REQUIRE(::dup2(pipe.fds[1], fd) == fd);
    sink->start();
    logger.info("there is room again");
    sink->stop();
    ::close(fd);
    pipe.close_writer();
    CHECK(pipe.read_all() == "lost 6\nthere is room again\n");
}

TEST_CASE("the end does not wait for who never reads") {
    Pipe pipe;
    const auto sink = std::make_shared<LogSink>(pipe.fds[1]);
    spdlog::logger logger("test", sink);
    sink->start();
    logger.info(std::string(1 << 20, 'x'));
    sink->stop();  // came back: nobody has read
    pipe.close_writer();
    const std::string taken = pipe.read_all();
    CHECK(!taken.empty());
    CHECK(taken.size() < 1 << 20);
}

TEST_CASE("the last words of a process come behind what was queued, and nothing comes behind them") {
    Pipe pipe;
    const auto sink = std::make_shared<LogSink>(pipe.fds[1]);
    spdlog::logger logger("test", sink);
    sink->start();
    logger.info("queued");
    sink->hold();
    REQUIRE(::write(sink->descriptor(), "last words\n", 11) == 11);
    logger.info("too late");
    sink->stop();
    pipe.close_writer();
    CHECK(pipe.read_all() == "queued\nlast words\n");
}
