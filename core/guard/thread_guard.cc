#include "core/guard/thread_guard.h"

#include <pthread.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cstring>

namespace gatewayd {
namespace {

constexpr size_t stack_bytes = 64UL * 1024;
thread_local ThreadFacts facts;

size_t page_bytes() {
    return static_cast<size_t>(::sysconf(_SC_PAGESIZE));
}

uintptr_t begin_of_stack() {
    pthread_attr_t attributes;
    if (::pthread_getattr_np(::pthread_self(), &attributes) != 0) return 0;
    void* begin = nullptr;
    size_t size = 0;
    const int result = ::pthread_attr_getstack(&attributes, &begin, &size);
    ::pthread_attr_destroy(&attributes);
    return result == 0 ? reinterpret_cast<uintptr_t>(begin) : 0;
}

}  // namespace

ThreadGuard::ThreadGuard(const char* name) {
    std::strncpy(facts.name, name, sizeof facts.name - 1);
    facts.stack_begin = begin_of_stack();
    // The first thread keeps the process's name: pgrep and top know it by that.
    if (::getpid() != ::gettid()) ::pthread_setname_np(::pthread_self(), facts.name);
    // A page that nobody may touch lies below: a handler that uses too much ends, and damages nothing.
    memory_ = ::mmap(nullptr, page_bytes() + stack_bytes, PROT_READ | PROT_WRITE,
                     MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (memory_ == MAP_FAILED) {
        memory_ = nullptr;
        return;
    }
    ::mprotect(memory_, page_bytes(), PROT_NONE);
    stack_t ours{};
    ours.ss_sp = static_cast<char*>(memory_) + page_bytes();
    ours.ss_size = stack_bytes;
    ::sigaltstack(&ours, &before_);
}

ThreadGuard::~ThreadGuard() {
    if (memory_ != nullptr) {
        ::sigaltstack(&before_, nullptr);
        ::munmap(memory_, page_bytes() + stack_bytes);
    }
    facts = ThreadFacts();
}

const ThreadFacts& thread_facts() {
    return facts;
}

}  // namespace gatewayd
