/* Calendar arithmetic by Howard Hinnant's method: years that begin in March put the leap day last,
 * so that a day's number within the year needs no table. Texts are read against a shape, character
 * by character, because the C library's functions know zones and locales. */
#include "engine/field_time.h"

#define MS_PER_SECOND INT64_C(1000)
#define MS_PER_MINUTE (60 * MS_PER_SECOND)
#define MS_PER_HOUR   (60 * MS_PER_MINUTE)
#define MS_PER_DAY    (24 * MS_PER_HOUR)
#define DATE_SHAPE    "dddd-dd-dd"
#define TIME_SHAPE    "dddd-dd-ddTdd:dd:dd"
#define DATE_BYTES    (sizeof DATE_SHAPE - 1)
#define TIME_BYTES    (sizeof TIME_SHAPE - 1)
#define NUMBERS_MAX   6
/* What is left of a time: ".123Z" at most. */
#define FRACTION_DIGITS 3

/* Days since 1970-01-01. */
static int64_t days_of(int64_t year, int64_t month, int64_t day)
{
    int64_t shifted = month > 2 ? year : year - 1;
    int64_t era = shifted / 400, of_era = shifted % 400;
    int64_t of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;

    return era * 146097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719468;
}

/* The first bytes of text against a shape: d is a digit, and digits in a row make one number. */
static bool read_shape(struct slice text, const char *shape, int64_t *numbers)
{
    unsigned number = 0;

    if (text.len < strlen(shape))
        return false;
    numbers[0] = 0;
    for (size_t i = 0; shape[i]; i++) {
        if (shape[i] != 'd') {
            if (text.ptr[i] != shape[i])
                return false;
            numbers[++number] = 0;
            continue;
        }
        if (text.ptr[i] < '0' || text.ptr[i] > '9')
            return false;
        numbers[number] = numbers[number] * 10 + (text.ptr[i] - '0');
    }
    return true;
}

static bool is_day(const int64_t *numbers)
{
    static const uint8_t month_days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    int64_t year = numbers[0], month = numbers[1], last;

    if (year < 1970 || month < 1 || month > 12)
        return false;
    last = month_days[month - 1];
    if (month == 2 && year % 4 == 0 && (year % 100 != 0 || year % 400 == 0))
        last = 29;
    return numbers[2] >= 1 && numbers[2] <= last;
}

bool field_time_parse_date(struct slice text, int64_t *ret_unix_ms)
{
    int64_t numbers[NUMBERS_MAX];

    if (text.len != DATE_BYTES || !read_shape(text, DATE_SHAPE, numbers) || !is_day(numbers))
        return false;
    *ret_unix_ms = days_of(numbers[0], numbers[1], numbers[2]) * MS_PER_DAY;
    return true;
}

/* "Z", or a point and one to three digits before it. */
static bool read_fraction(struct slice text, int64_t *ret_ms)
{
    int64_t ms = 0, unit = 100;

    if (text.len == 0 || text.ptr[text.len - 1] != 'Z')
        return false;
    text.len--;
    if (text.len && (text.ptr[0] != '.' || text.len == 1 || text.len > 1 + FRACTION_DIGITS))
        return false;
    for (size_t i = 1; i < text.len; i++, unit /= 10) {
        if (text.ptr[i] < '0' || text.ptr[i] > '9')
            return false;
        ms += (text.ptr[i] - '0') * unit;
    }
    *ret_ms = ms;
    return true;
}

bool field_time_parse(struct slice text, int64_t *ret_unix_ms)
{
    int64_t numbers[NUMBERS_MAX], ms;

    if (text.len == DATE_BYTES)
        return field_time_parse_date(text, ret_unix_ms);
    if (!read_shape(text, TIME_SHAPE, numbers) || !is_day(numbers))
        return false;
    if (numbers[3] > 23 || numbers[4] > 59 || numbers[5] > 59)
        return false;
    if (!read_fraction((struct slice){text.ptr + TIME_BYTES, text.len - TIME_BYTES}, &ms))
        return false;
    *ret_unix_ms = days_of(numbers[0], numbers[1], numbers[2]) * MS_PER_DAY +
                   numbers[3] * MS_PER_HOUR + numbers[4] * MS_PER_MINUTE +
                   numbers[5] * MS_PER_SECOND + ms;
    return true;
}

/* days_of the other way round. */
void field_time_put_date(struct buf *buf, int64_t unix_ms)
{
    int64_t days = unix_ms / MS_PER_DAY + 719468;
    int64_t era = days / 146097, of_era = days % 146097;
    int64_t year = (of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) / 365;
    int64_t of_year = of_era - (365 * year + year / 4 - year / 100);
    int64_t shifted = (5 * of_year + 2) / 153;
    int64_t day = of_year - (153 * shifted + 2) / 5 + 1;
    int64_t month = shifted < 10 ? shifted + 3 : shifted - 9;

    year += era * 400 + (month <= 2);
    buf_format(buf, "%04d-%02d-%02d", (int)year, (int)month, (int)day);
}

void field_time_put(struct buf *buf, int64_t unix_ms)
{
    int64_t ms = unix_ms % MS_PER_DAY;

    field_time_put_date(buf, unix_ms);
    buf_format(buf, "T%02d:%02d:%02d", (int)(ms / MS_PER_HOUR),
               (int)(ms % MS_PER_HOUR / MS_PER_MINUTE), (int)(ms % MS_PER_MINUTE / MS_PER_SECOND));
    if (ms % MS_PER_SECOND)
        buf_format(buf, ".%03d", (int)(ms % MS_PER_SECOND));
    buf_put_text(buf, "Z");
}
