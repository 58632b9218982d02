<?php
// mysqli on mysqlnd, driven over its standard input: see ../driven.py for what is said there.

mysqli_report(MYSQLI_REPORT_ERROR | MYSQLI_REPORT_STRICT);
error_reporting(E_ALL & ~E_WARNING & ~E_DEPRECATED);

const LOST = [2006, 2013, 2014, 2055];
const OPERATIONS = ['connect', 'query', 'prepare', 'execute', 'close', 'ping', 'init_db', 'change_user', 'open_cursor', 'close_cursor', 'long_data',
    'statistics', 'quit'];

function rows(mysqli_result|bool $result): array
{
    if (!$result instanceof mysqli_result) {
        return [];
    }
    return array_map(fn ($row) => array_map(fn ($value) => $value === null ? null : (preg_match('//u', (string)$value) ? (string)$value
        : 'hex:' . bin2hex($value)), $row), $result->fetch_all());
}

final class Driver
{
    private ?mysqli $connection = null;
    private array $statements = [];

    public function connect(int $port, string $user, string $password, string $database, string $mode): array
    {
        $this->statements = [];
        $this->connection = mysqli_init();
        $this->connection->options(MYSQLI_OPT_READ_TIMEOUT, 60);
        $flags = (str_contains($mode, 'tls') ? MYSQLI_CLIENT_SSL | MYSQLI_CLIENT_SSL_DONT_VERIFY_SERVER_CERT : 0)
            | (str_contains($mode, 'compressed') ? MYSQLI_CLIENT_COMPRESS : 0);
        $this->connection->real_connect('127.0.0.1', $user, $password, $database, $port, null, $flags);
        return [];
    }

    public function query(string $statement): array
    {
        $this->connection->multi_query($statement);
        $first = null;
        do {
            $found = rows($this->connection->store_result());
            $first ??= $found;
        } while ($this->connection->more_results() && $this->connection->next_result());
        return $first;
    }

    public function prepare(string $name, string $statement): array
    {
        $this->statements[$name] = $this->connection->prepare($statement);
        return [];
    }

    private function bound(string $name, array $values): mysqli_stmt
    {
        $statement = $this->statements[$name];
        if ($values) {
            $types = implode('', array_map(fn ($value) => is_int($value) ? 'i' : 's', $values));
            $statement->bind_param($types, ...$values);
        }
        return $statement;
    }

    public function execute(string $name, ...$values): array
    {
        $statement = $this->bound($name, $values);
        $statement->execute();
        $found = rows($statement->get_result());
        $statement->free_result();
        return $found;
    }

    public function close(string $name): array
    {
        $this->statements[$name]->close();
        unset($this->statements[$name]);
        return [];
    }

    /** Leaves all rows but the first on the server. */
    public function open_cursor(string $name): array
    {
        $statement = $this->statements[$name];
        $statement->attr_set(MYSQLI_STMT_ATTR_CURSOR_TYPE, MYSQLI_CURSOR_TYPE_READ_ONLY);
        $statement->execute();
        $statement->bind_result($value);
        $statement->fetch();
        return [[(string)$value]];
    }

    public function close_cursor(string $name): array
    {
        $this->statements[$name]->reset();
        return [];
    }

    /** Of a parameter of a statement that is not executed yet. */
    public function long_data(string $name, string $value): array
    {
        $null = null;
        $this->statements[$name]->bind_param('b', $null);
        $this->statements[$name]->send_long_data(0, $value);
        return [];
    }

    public function ping(): array
    {
        $this->connection->ping();
        return [];
    }

    public function statistics(): array
    {
        $this->connection->stat();
        return [];
    }

    public function init_db(string $database): array
    {
        $this->connection->select_db($database);
        return [];
    }

    public function change_user(string $user, string $password, string $database): array
    {
        $this->statements = [];
        $this->connection->change_user($user, $password, $database);
        return [];
    }

    public function quit(): array
    {
        $this->statements = [];
        $this->connection->close();
        return [];
    }
}

$driver = new Driver();
$say = fn (array $what) => print(json_encode($what, JSON_INVALID_UTF8_SUBSTITUTE) . "\n");
$say(['operations' => OPERATIONS]);
while (($line = fgets(STDIN)) !== false) {
    $values = json_decode($line, true);
    $name = array_shift($values);
    try {
        $say(['rows' => $driver->$name(...$values)]);
    } catch (mysqli_sql_exception $error) {
        $say(in_array($error->getCode(), LOST) ? ['lost' => $error->getMessage()] : ['error' => [$error->getCode(), $error->getMessage()]]);
    }
}
