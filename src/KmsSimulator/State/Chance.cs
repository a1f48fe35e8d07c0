namespace KmsSimulator.State;

/// <summary>Key ids, access keys and delays: all that is random and not secret, so that a seed can fix it.</summary>
internal sealed class Chance(int seed)
{
    private readonly Lock _gate = new();
    private Random _random = new(seed);

    /// <summary>Lower-case hex digits.</summary>
    public string Hex(int digits)
    {
        lock (_gate)
            return _random.GetHexString(digits, lowercase: true);
    }

    /// <summary>Upper-case letters and the digits 2 to 7, as in access keys and unique ids.</summary>
    public string Base32(int length)
    {
        lock (_gate)
            return new string(_random.GetItems("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567".AsSpan(), length));
    }

    /// <summary>A version-4 UUID.</summary>
    public string Uuid()
    {
        var hex = Hex(30);
        return $"{hex[..8]}-{hex[8..12]}-4{hex[12..15]}-a{hex[15..18]}-{hex[18..]}";
    }

    /// <summary>Some part of a time span.</summary>
    public TimeSpan UpTo(TimeSpan longest)
    {
        lock (_gate)
            return longest * _random.NextDouble();
    }

    /// <summary>Begins the sequence again.</summary>
    public void Reset()
    {
        lock (_gate)
            _random = new Random(seed);
    }
}
