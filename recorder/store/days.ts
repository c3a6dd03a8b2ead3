/** Days made of hours, and the triggers that keep them. A migration: never changed, only followed by another. */
export const DAYS_SQL = `
  -- the hours of one series and one day (UTC), added up: a year is read from these
  create table day (
    series integer not null,
    day_ms integer not null,
    count integer not null,
    sum integer not null,
    min integer not null,
    max integer not null,
    primary key (series, day_ms)
  ) strict, without rowid;

  insert into day
    select series, bucket_ms - bucket_ms % 86400000 as day_ms, sum(count), sum(sum), min(min), max(max)
      from rollup where tier = 3 group by series, day_ms;

  create trigger hour_made after insert on rollup when new.tier = 3 begin
    insert into day values (
      new.series, new.bucket_ms - new.bucket_ms % 86400000, new.count, new.sum, new.min, new.max)
      on conflict (series, day_ms) do update set
        count = count + excluded.count, sum = sum + excluded.sum,
        min = min(min, excluded.min), max = max(max, excluded.max);
  end;

  create trigger hour_gone after delete on rollup when old.tier = 3 begin
    delete from day where series = old.series and day_ms = old.bucket_ms - old.bucket_ms % 86400000;
    insert into day
      select series, old.bucket_ms - old.bucket_ms % 86400000, sum(count), sum(sum), min(min), max(max)
        from rollup where tier = 3 and series = old.series
          and bucket_ms >= old.bucket_ms - old.bucket_ms % 86400000
          and bucket_ms < old.bucket_ms - old.bucket_ms % 86400000 + 86400000
        group by series;
  end;
  `;
