/** Programs of a few lines, and prose that mentions what programs do. */
export const CODE_SAMPLES: readonly (readonly [string, string])[] = [
  [
    'Python',
    'import os\n\ndef total(items):\n    """Sums up."""\n    result = 0\n    for item in items:\n        result += item.price\n    return result\n',
  ],
  [
    'JavaScript',
    "const fs = require('fs');\n\nfunction total(items) {\n  return items.reduce((sum, item) => sum + item.price, 0);\n}\nmodule.exports = { total };\n",
  ],
  [
    'TypeScript',
    "import type { Item } from './item.ts';\n\nexport interface Basket {\n  readonly items: readonly Item[];\n  name: string;\n}\n\nexport function total(basket: Basket): number {\n  return basket.items.length;\n}\n",
  ],
  [
    'Java',
    'package com.acme.shop;\n\nimport java.util.List;\n\npublic class Basket {\n    private final List<Item> items;\n\n    public int total() {\n        return items.size();\n    }\n}\n',
  ],
  [
    'C',
    '#include <stdio.h>\n\nstatic int total(int *items, int count) {\n    int sum = 0;\n    for (int i = 0; i < count; i++) {\n        sum += items[i];\n    }\n    printf("%d", sum);\n    return sum;\n}\n',
  ],
  [
    'C++',
    '#include <vector>\n\nstd::vector<int> items;\n\ntemplate <typename T>\nT total(const std::vector<T>& items) {\n    T sum{};\n    for (const auto& item : items) sum += item;\n    return sum;\n}\n',
  ],
  [
    'C#',
    'using System.Linq;\n\nnamespace Acme.Shop\n{\n    public class Basket\n    {\n        public string Name { get; set; }\n        public async Task<int> Total() => await db.Items.SumAsync();\n    }\n}\n',
  ],
  [
    'Go',
    'package shop\n\nimport "fmt"\n\nfunc (b *Basket) Total() (int, error) {\n\titems, err := b.load()\n\tif err != nil {\n\t\treturn 0, fmt.Errorf("load: %w", err)\n\t}\n\treturn len(items), nil\n}\n',
  ],
  [
    'Rust',
    'use std::collections::HashMap;\n\npub fn total(items: &[Item]) -> Option<u32> {\n    let mut sum = 0;\n    for item in items {\n        sum += item.price.unwrap();\n    }\n    println!("{}", sum);\n    Some(sum)\n}\n',
  ],
  [
    'Ruby',
    "require 'json'\n\nmodule Shop\n  class Basket < Base\n    attr_reader :items\n\n    def total\n      items.each do |item|\n        puts item.price\n      end\n    end\n  end\nend\n",
  ],
  [
    'PHP',
    '<?php\n\nfunction total($items) {\n    $sum = 0;\n    foreach ($items as $item) {\n        $sum += $item->price;\n    }\n    return $sum;\n}\n',
  ],
  [
    'shell',
    '#!/bin/bash\nset -e\nif [ -z "$1" ]; then\n  echo "usage: $0 FILE"\n  exit 1\nfi\nexport NAME=$(basename "$1")\n',
  ],
  [
    'SQL',
    'SELECT u.id, u.name\nFROM users u\nLEFT JOIN orders o ON o.user_id = u.id\nWHERE o.total > 100\nGROUP BY u.id\nORDER BY u.name;\n',
  ],
  [
    'Terraform',
    'resource "aws_s3_bucket" "logs" {\n  bucket = "acme-logs"\n}\n\nvariable "region" {\n  default = "eu-north-1"\n}\n',
  ],
];
export const BUSINESS_PROSE =
  'We met the people from Acme on Monday. They want to import more goods from China (and export less), if we can\nagree on the price; otherwise they will look for someone else. Please return the form by Friday.\n\nKind regards,\nAnna\n';
