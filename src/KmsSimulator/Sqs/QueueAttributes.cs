using System.Collections.Frozen;
using System.Globalization;
using KmsSimulator.Protocol;

namespace KmsSimulator.Sqs;

/// <summary>The attributes that a queue is made with.</summary>
/// <remarks>Source: Amazon SQS API reference, CreateQueue.</remarks>
internal sealed class QueueAttributes
{
    private static readonly FrozenDictionary<string, (int Min, int Max, int Default)> Numbers = new Dictionary<string, (int, int, int)>
    {
        ["DelaySeconds"] = (0, 900, 0),
        ["MaximumMessageSize"] = (1024, 1_048_576, 1_048_576),
        ["MessageRetentionPeriod"] = (60, 1_209_600, 345_600),
        ["ReceiveMessageWaitTimeSeconds"] = (0, 20, 0),
        ["VisibilityTimeout"] = (0, 43_200, 30),
    }.ToFrozenDictionary(StringComparer.Ordinal);

    // They are kept and shown, and do nothing here.
    private static readonly FrozenSet<string> Kept = FrozenSet.Create(
        StringComparer.Ordinal, "KmsDataKeyReusePeriodSeconds", "KmsMasterKeyId", "Policy", "RedriveAllowPolicy", "RedrivePolicy", "SqsManagedSseEnabled");

    private readonly SortedDictionary<string, string> _values = new(StringComparer.Ordinal);

    /// <summary>Checks and completes what was given.</summary>
    public QueueAttributes(IReadOnlyDictionary<string, string> given)
    {
        foreach (var (name, (_, _, value)) in Numbers)
            _values[name] = value.ToString(CultureInfo.InvariantCulture);
        Set(given);
    }

    public TimeSpan Delay => Seconds("DelaySeconds");

    public TimeSpan Wait => Seconds("ReceiveMessageWaitTimeSeconds");

    public TimeSpan Visibility => Seconds("VisibilityTimeout");

    public TimeSpan Retention => Seconds("MessageRetentionPeriod");

    public int MaxSize => int.Parse(_values["MaximumMessageSize"], CultureInfo.InvariantCulture);

    public IReadOnlyDictionary<string, string> Values => _values;

    public void Set(IReadOnlyDictionary<string, string> given)
    {
        foreach (var (name, value) in given)
        {
            if (Numbers.TryGetValue(name, out var bounds))
            {
                if (!int.TryParse(value, NumberStyles.None, CultureInfo.InvariantCulture, out var number) || number < bounds.Min || number > bounds.Max)
                    throw new ServiceException("InvalidAttributeValue", $"Invalid value for the parameter {name}.");
            }
            else if (!Kept.Contains(name))
            {
                throw new ServiceException("InvalidAttributeName", $"Unknown Attribute {Errors.Shown(name)}.");
            }
        }

        foreach (var (name, value) in given)
            _values[name] = value;
    }

    /// <summary>Whether a queue that has these may be made again with others.</summary>
    public bool Agrees(IReadOnlyDictionary<string, string> given) => given.All(one => _values.GetValueOrDefault(one.Key) == one.Value);

    private TimeSpan Seconds(string name) => TimeSpan.FromSeconds(int.Parse(_values[name], CultureInfo.InvariantCulture));
}
