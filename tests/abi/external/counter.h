// A static member of a template, which GCC would make unique in the process: plugins must not share it.
#ifndef EXTERNAL_COUNTER_H
#define EXTERNAL_COUNTER_H

template <typename T>
struct Counter {
    static inline T count{};
};

int counted();

#endif
