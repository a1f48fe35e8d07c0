using System.Collections.Concurrent;
using KmsSimulator.Protocol;

namespace KmsSimulator.Quotas;

/// <summary>KMS's request quotas: for each account, Region and operation a token bucket that holds one second's requests.</summary>
/// <param name="scale">Factor on the quotas; 0 switches them off.</param>
/// <param name="time">The time that passes by itself: advancing the keys' clock fills no bucket.</param>
/// <remarks>Source: AWS KMS developer guide, "Request quotas".</remarks>
internal sealed class RequestQuotas(double scale, TimeProvider time)
{
    private readonly ConcurrentDictionary<(string Account, string Region, string Quota), Bucket> _buckets = new();

    /// <summary>Takes some requests' share.</summary>
    /// <exception cref="ServiceException">ThrottlingException, when there is not enough left; nothing is taken then.</exception>
    public void Take(string account, string region, string quota, double perSecond, int requests = 1)
    {
        if (scale == 0)
            return;
        var rate = perSecond * scale;

        // A bucket holds at least what one call needs, or a small scale would refuse it for ever.
        var size = Math.Max(rate, requests);
        var bucket = _buckets.GetOrAdd(
            (account, region, quota), static (_, full) => new Bucket(full.Size, full.Now), (Size: size, Now: time.GetTimestamp()));
        if (!bucket.TryTake(rate, size, requests, time))
            throw Errors.Throttled();
    }

    /// <summary>Fills all buckets.</summary>
    public void Reset() => _buckets.Clear();

    private sealed class Bucket(double tokens, long since)
    {
        private readonly Lock _gate = new();
        private double _tokens = tokens;
        private long _since = since;

        public bool TryTake(double rate, double size, int requests, TimeProvider time)
        {
            lock (_gate)
            {
                var now = time.GetTimestamp();
                _tokens = Math.Min(size, _tokens + (time.GetElapsedTime(_since, now).TotalSeconds * rate));
                _since = now;
                if (_tokens < requests)
                    return false;
                _tokens -= requests;
                return true;
            }
        }
    }
}
