/* libh2o as this program uses it: the evloop build on epoll.
 *
 * Everything that needs h2o includes this header and never <h2o.h> itself: without the define
 * the header describes another library (libuv's), and the program would crash, not fail to build.
 */
#ifndef MOCK_LOOP_H
#define MOCK_LOOP_H

#define H2O_USE_EPOLL 1
#include <h2o.h>

#endif
