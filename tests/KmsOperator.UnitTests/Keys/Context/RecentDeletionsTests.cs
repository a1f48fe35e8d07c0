using KmsOperator.Keys.Context;
using Xunit;

namespace KmsOperator.UnitTests.Keys.Context;

public sealed class RecentDeletionsTests
{
    private static readonly DateTimeOffset Start = new(2026, 11, 28, 0, 0, 0, TimeSpan.Zero);
    private static readonly TimeSpan Age = TimeSpan.FromMinutes(5);

    private readonly RecentDeletions _deletions = new(Age);

    [Fact]
    public void The_last_deletion_of_a_name_counts()
    {
        _deletions.Record("ServiceKey/team/one", Start);
        _deletions.Record("ServiceKey/team/one", Start.AddMinutes(1));

        Assert.Equal(Start.AddMinutes(1), _deletions.LastOf("ServiceKey/team/one"));
        Assert.Null(_deletions.LastOf("ServiceKey/team/two"));
    }

    [Fact]
    public void A_deletion_is_forgotten_once_it_is_older_than_what_matters()
    {
        _deletions.Record("ServiceKey/team/one", Start);

        _deletions.Record("ServiceKey/team/two", Start + Age);
        Assert.Equal(Start, _deletions.LastOf("ServiceKey/team/one"));

        _deletions.Record("ServiceKey/team/two", Start + Age + TimeSpan.FromTicks(1));
        Assert.Null(_deletions.LastOf("ServiceKey/team/one"));
    }

    [Fact]
    public void A_name_whose_first_deletion_is_old_keeps_its_later_one()
    {
        _deletions.Record("ServiceKey/team/one", Start);
        _deletions.Record("ServiceKey/team/one", Start.AddMinutes(4));

        _deletions.Record("ServiceKey/team/two", Start.AddMinutes(6));

        Assert.Equal(Start.AddMinutes(4), _deletions.LastOf("ServiceKey/team/one"));
    }
}
