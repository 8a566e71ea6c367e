// The registers of an interrupted thread that we look at, on each machine that we build for. Pure functions.
#ifndef GATEWAYD_CORE_GUARD_CODE_POINTER_H
#define GATEWAYD_CORE_GUARD_CODE_POINTER_H

#include <ucontext.h>

#include <cstdint>

namespace gatewayd {

struct Registers {
    uintptr_t code = 0;   // the instruction
    uintptr_t stack = 0;  // the top of the stack
};

inline Registers registers_of(const ucontext_t* context) {
    const auto& machine = context->uc_mcontext;
#if defined(__x86_64__)
    return {static_cast<uintptr_t>(machine.gregs[REG_RIP]), static_cast<uintptr_t>(machine.gregs[REG_RSP])};
#elif defined(__aarch64__)
    return {static_cast<uintptr_t>(machine.pc), static_cast<uintptr_t>(machine.sp)};
#elif defined(__riscv)
    return {static_cast<uintptr_t>(machine.__gregs[REG_PC]), static_cast<uintptr_t>(machine.__gregs[REG_SP])};
#else
#error "name this machine's registers here"
#endif
}

inline const void* code_pointer(const ucontext_t* context) {
    return reinterpret_cast<const void*>(registers_of(context).code);
}

}  // namespace gatewayd

#endif
