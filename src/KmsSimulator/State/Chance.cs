namespace KmsSimulator.State;

/// <summary>A sequence of ids or delays: what is random and not secret, so that a seed can fix it. Its user's lock guards it.</summary>
internal sealed class Chance(int seed)
{
    private readonly Random _random = new(seed);

    /// <summary>Lower-case hex digits.</summary>
    public string Hex(int digits) => _random.GetHexString(digits, lowercase: true);

    /// <summary>A version-4 UUID.</summary>
    public string Uuid()
    {
        var hex = Hex(30);
        return $"{hex[..8]}-{hex[8..12]}-4{hex[12..15]}-a{hex[15..18]}-{hex[18..]}";
    }

    /// <summary>Some part of a time span.</summary>
    public TimeSpan UpTo(TimeSpan longest) => longest * _random.NextDouble();
}
