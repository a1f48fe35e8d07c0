using System.Collections.Concurrent;
using KmsSimulator.Protocol;

namespace KmsSimulator.Quotas;

/// <summary>KMS's request quotas: a token bucket for each account, Region and operation that holds one second's worth.</summary>
/// <param name="scale">Factor on the published quotas; 0 switches them off.</param>
/// <param name="time">The machine's clock: quotas are about real requests, whatever time the simulator shows.</param>
internal sealed class RequestQuotas(double scale, TimeProvider time)
{
    private readonly ConcurrentDictionary<(string Account, string Region, string Operation), Bucket> _buckets = new();

    /// <summary>Takes a request's share.</summary>
    /// <exception cref="KmsException">ThrottlingException, when there is none left.</exception>
    public void Take(string account, string region, string operation, double perSecond, int count = 1)
    {
        if (scale == 0)
        {
            return;
        }

        var rate = perSecond * scale;
        if (!_buckets.GetOrAdd((account, region, operation), _ => new Bucket(Math.Max(1, rate), time.GetTimestamp())).TryTake(rate, count, time))
        {
            throw new KmsException("ThrottlingException", "You have exceeded the rate at which you may call KMS. Reduce the frequency of your calls.");
        }
    }

    /// <summary>Fills all buckets.</summary>
    public void Reset() => _buckets.Clear();

    private sealed class Bucket(double tokens, long since)
    {
        private readonly Lock _lock = new();
        private double _tokens = tokens;
        private long _since = since;

        public bool TryTake(double rate, int count, TimeProvider time)
        {
            lock (_lock)
            {
                var now = time.GetTimestamp();
                _tokens = Math.Min(Math.Max(count, rate), _tokens + (time.GetElapsedTime(_since, now).TotalSeconds * rate));
                _since = now;
                if (_tokens < count)
                {
                    return false;
                }

                _tokens -= count;
                return true;
            }
        }
    }
}
