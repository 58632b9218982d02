# Language level, warnings, sanitizers. Options: SESSIONGATE_WERROR, SESSIONGATE_SANITIZE (address|thread|none),
# SESSIONGATE_FUZZ, SESSIONGATE_COVERAGE.
set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)

if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU" AND CMAKE_CXX_COMPILER_VERSION VERSION_LESS 13)
  message(FATAL_ERROR
    "g++ ${CMAKE_CXX_COMPILER_VERSION} miscompiles C++20 coroutines: temporaries in a co_await expression are destroyed "
    "twice. Use clang 19 (the reference compiler: cmake --preset release) or g++ 13 or later.")
endif()

option(SESSIONGATE_WERROR "Treat warnings as errors" OFF)
option(SESSIONGATE_FUZZ "Build the libFuzzer targets (clang only)" OFF)
option(SESSIONGATE_COVERAGE "Instrument for llvm-cov" OFF)
set(SESSIONGATE_SANITIZE "none" CACHE STRING "address (with undefined), thread or none")
set_property(CACHE SESSIONGATE_SANITIZE PROPERTY STRINGS none address thread)

add_library(sessiongate_options INTERFACE)
target_include_directories(sessiongate_options INTERFACE "${PROJECT_SOURCE_DIR}")
target_compile_options(sessiongate_options INTERFACE -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wnon-virtual-dtor
  -Wold-style-cast -Woverloaded-virtual -Wimplicit-fallthrough)
if(SESSIONGATE_WERROR)
  target_compile_options(sessiongate_options INTERFACE -Werror)
endif()
if(SESSIONGATE_SANITIZE STREQUAL "address")
  add_compile_options(-fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer)
  add_link_options(-fsanitize=address,undefined)
elseif(SESSIONGATE_SANITIZE STREQUAL "thread")
  add_compile_options(-fsanitize=thread -fno-omit-frame-pointer)
  add_link_options(-fsanitize=thread)
endif()
if(SESSIONGATE_FUZZ)
  add_compile_options(-fsanitize=fuzzer-no-link)
endif()
if(SESSIONGATE_COVERAGE)
  add_compile_options(-fprofile-instr-generate -fcoverage-mapping)
  add_link_options(-fprofile-instr-generate)
endif()

find_program(SESSIONGATE_LLD NAMES ld.lld-19 ld.lld)
if(SESSIONGATE_LLD AND CMAKE_CXX_COMPILER_ID MATCHES "Clang")
  add_link_options("--ld-path=${SESSIONGATE_LLD}")
endif()
find_program(SESSIONGATE_CCACHE ccache)
if(SESSIONGATE_CCACHE AND NOT CMAKE_CXX_COMPILER_LAUNCHER)
  # The cache holds what was built with a precompiled header only when it is told not to look at its time stamps.
  set(CMAKE_CXX_COMPILER_LAUNCHER
    "${CMAKE_COMMAND};-E;env;CCACHE_SLOPPINESS=pch_defines,time_macros;${SESSIONGATE_CCACHE}")
endif()
if(CMAKE_CXX_COMPILER_ID MATCHES "Clang")
  add_compile_options("SHELL:-Xclang -fno-pch-timestamp")
endif()
